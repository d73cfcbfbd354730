# Values that tests/test_area_comparison.py compares with. Nothing of R is needed when the tests run.
#
#   Rscript tests/reference/areas_reference.R          (from the top folder; R 4.2, lme4 1.1-31 of Debian bookworm)
#
# writes areas.csv (a row a case and authority) and areas_origin.csv (program, version, call and input of each case).
#
# Random-intercept logistic regression of the authorities of one year by glmer() with 25 quadrature points. lme4 stops
# early on returns of thousands of episodes, so that both of its loops are told to go on: tolPwrss for the modes, rhoend
# of bobyqa for the variance. Mode and condsd are on the logit scale: coef() and the root of condVar. mean and mean_se are
# the fixed part that an authority is drawn towards.

suppressPackageStartupMessages(library(lme4))
folder <- "tests/reference"
full <- function(x) format(x, digits = 17, trim = TRUE, scientific = TRUE)

official <- read.csv("data/sources/official_statistics.csv", encoding = "UTF-8")
parental <- grepl("^parent_", official$factor) & !is.na(official$episodes_with_factor)
most <- aggregate(episodes_with_factor ~ year + area_code, official[parental, ], max)
failed <- merge(most[most$episodes_with_factor == 0, ], unique(official[c("year", "area_code", "episodes_assessed")]))
failed <- with(failed[failed$episodes_assessed >= 100, ], paste(year, area_code))

names <- official$area_name[match(official$part_of, official$area_code)]
official$region <- ifelse(startsWith(official$part_of, "E13"), "London", names)

returns <- function(factor, year) {
  own <- official[official$area_level == "local_authority" & official$factor == factor & official$year == year &
                    !is.na(official$episodes_with_factor) & official$suppression == "", ]
  own[!paste(own$year, own$area_code) %in% failed, ]
}

control <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), tolPwrss = 1e-12,
                        calc.derivs = FALSE)
fitted_case <- function(case, own, towards) {
  formula <- if (towards == "region") cbind(x, n - x) ~ region + (1 | area) else cbind(x, n - x) ~ 1 + (1 | area)
  data <- data.frame(x = own$episodes_with_factor, n = own$episodes_assessed, area = own$area_code, region = own$region)
  fit <- glmer(formula, data = data, family = binomial, nAGQ = 25, control = control)
  random <- ranef(fit, condVar = TRUE)$area
  at <- match(data$area, rownames(random))
  design <- getME(fit, "X")
  mean <- as.vector(design %*% fixef(fit))
  data.frame(case = case, area_code = data$area, events = data$x, totals = data$n, tau2 = full(VarCorr(fit)$area[1]),
             mean = full(mean), mean_se = full(sqrt(diag(design %*% as.matrix(vcov(fit)) %*% t(design)))),
             mode = full(mean + random[at, 1]), condsd = full(sqrt(attr(random, "postVar")[1, 1, at])))
}

cases <- read.csv(text = "case,factor,year,towards
mental_health_2018,parent_mental_health,2018,country
mental_health_2025,parent_mental_health,2025,country
mental_health_2025_region,parent_mental_health,2025,region
learning_disability_2025,parent_learning_disability,2025,country
physical_disability_2023_region,parent_physical_disability,2023,region")
tables <- lapply(seq_len(nrow(cases)), function(i) {
  with(cases[i, ], fitted_case(case, returns(factor, year), towards))
})
write.csv(do.call(rbind, tables), file.path(folder, "areas.csv"), row.names = FALSE, quote = FALSE)
version <- paste0("R ", getRversion(), ", lme4 ", packageVersion("lme4"))
origin <- transform(cases, program = version,
                    call = paste0("glmer(cbind(x, n - x) ~ ", ifelse(towards == "region", "region", "1"),
                                  " + (1 | area); binomial; nAGQ = 25; bobyqa rhoend 1e-9; tolPwrss 1e-12)"))
write.csv(origin, file.path(folder, "areas_origin.csv"), row.names = FALSE)
