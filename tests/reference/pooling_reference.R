# Values that tests/test_pooling_reference.py compares with. Nothing of R is needed when the tests run.
#
#   Rscript tests/reference/pooling_reference.R [cores]       (from the top folder; R 4.2, metafor 3.8 of Debian bookworm; minutes)
#
# Cases: every arm in metadat_proportions.csv (made by metadat_proportions.R), pooling_cases.csv and pooling_edge_cases.csv.
# For each case and each of the five transforms metafor is asked for
#   pinned_common.csv     the common-effect answer, Q, and the Q-profile interval of tau2 and I2 (confint)
#   pinned_random.csv     tau2, I2, H2, the mean and its standard error under test = z, knha and adhoc, by eight estimators
#   pinned_intervals.csv  the intervals and prediction intervals of those three tests as proportions (REML for all;
#                         every estimator for the logit of the edge cases)
#   pinned_plain.csv      what metafor gives with its own settings, where that is off by more than 1e-6 relative
#
# The threshold at which metafor stops looking for tau2 is absolute, so effects are divided by the root of their median
# variance (the models are scale equivariant), thresholds are 1e-14 (times the variance of the effects where that is above
# one), and the searches of REML and ML are started from several tau2, with whole and half steps; the fit with the highest
# likelihood is kept. tau2 is then held fixed while the three tests are run.
# The Q-profile is searched up to 1e10 typical variances, not up to 100 on the scale of the effects.

suppressPackageStartupMessages({library(metafor); library(parallel)})
folder <- "tests/reference"
cores <- if (length(commandArgs(TRUE))) as.integer(commandArgs(TRUE)[1]) else 1L
MEASURES <- c(logit = "PLO", "double-arcsine" = "PFT", arcsine = "PAS", log = "PLN", raw = "PR")
METHODS <- c("REML", "ML", "DL", "PM", "HS", "HE", "SJ", "EB")
TESTS <- c("z", "knha", "adhoc")
TIGHT <- list(threshold = 1e-14, tol = 1e-14, maxiter = 3000, tau2.max = 1e10)
quiet <- function(expr) tryCatch(suppressMessages(suppressWarnings(expr)), error = function(e) NULL)
number <- function(x) ifelse(is.na(x), "", formatC(as.numeric(x), digits = 16, format = "g", width = 1))

back <- function(measure, value, totals) switch(
  measure, PLO = transf.ilogit(value), PFT = transf.ipft.hm(value, targs = list(ni = totals)),
  PAS = transf.iarcsin(value), PLN = exp(value), PR = value
)

fit_tau2 <- function(y, v, method) {
  # No iteration can settle to less than the rounding of tau2 itself, so the threshold grows where tau2 is large.
  rough <- max(1, var(y))
  starts <- if (method %in% c("REML", "ML")) c(NA, 0, 0.01, 0.3, 3, rough, 30 * rough) else NA
  # Some searches circle around the maximum for ever; half steps settle (gurusamy2011).
  steps <- c(rep(1, length(starts)), if (length(starts) > 1) c(0.5, 0.5))
  fits <- Map(function(start, step) {
    control <- TIGHT
    control$threshold <- 1e-14 * rough
    control$stepadj <- step
    if (!is.na(start)) control$tau2.init <- start
    quiet(rma(y, v, method = method, control = control))
  }, c(starts, if (length(starts) > 1) c(NA, rough)), steps)
  # The fit at tau2 = 0 comes first, so that it is kept where another one only reaches it to within rounding.
  if (method %in% c("REML", "ML")) fits <- c(list(quiet(rma(y, v, method = method, tau2 = 0))), fits)
  fits <- Filter(Negate(is.null), fits)
  if (!length(fits)) stop(method, " did not converge")
  if (!method %in% c("REML", "ML")) return(fits[[1]]$tau2)
  likelihood <- sapply(fits, function(fit) fit$fit.stats["ll", method])
  fits[[which(likelihood >= max(likelihood) - 1e-12)[1]]]$tau2
}

off <- function(plain, pinned) is.na(plain) || abs(plain - pinned) > 1e-6 * abs(pinned)

one <- function(case, events, totals, level, transform, edge) {
  measure <- MEASURES[[transform]]
  effects <- escalc(measure = measure, xi = events, ni = totals)
  unit <- sqrt(median(effects$vi))
  y <- as.vector(effects$yi) / unit
  v <- as.vector(effects$vi) / unit^2
  key <- paste(case, transform, sep = ",")
  line <- function(...) paste(c(key, ...), collapse = ",")
  limits <- function(fit) { at <- predict(fit); unit * c(at$ci.lb, at$ci.ub, at$pi.lb, at$pi.ub) }

  common <- quiet(rma(y, v, method = "EE", level = 100 * level))
  range <- quiet(confint(rma(y, v, method = "DL", level = 100 * level), control = TIGHT[c("tol", "maxiter", "tau2.max")]))$random
  range <- if (is.null(range)) rep(NA, 4) else c(unit^2 * range["tau^2", c("ci.lb", "ci.ub")], range["I^2(%)", c("ci.lb", "ci.ub")])
  ends <- unit * c(common$b, common$ci.lb, common$ci.ub)
  first <- line(length(y), sum(events), sum(totals), number(c(ends[1], unit * common$se, ends[2:3], back(measure, ends, totals),
                common$QE)), common$k - 1, number(c(common$QEp, common$I2, common$H2, range)))

  parts <- lapply(METHODS, function(method) {
    tau2 <- fit_tau2(y, v, method)
    fits <- lapply(TESTS, function(test) quiet(rma(y, v, method = method, tau2 = tau2, test = test, level = 100 * level)))
    fit <- fits[[1]]
    mean <- unit * as.vector(fit$b)
    random <- line(method, number(c(unit^2 * tau2, fit$I2, fit$H2, mean, unit * sapply(fits, function(f) f$se))))
    intervals <- if (method == "REML" || (edge && transform == "logit")) line(
      method, number(back(measure, mean, totals)), unlist(lapply(fits, function(f) number(back(measure, limits(f), totals)))))
    plain <- quiet(rma(measure = measure, xi = events, ni = totals, method = method, test = "knha"))
    given <- if (is.null(plain)) c(NA, NA) else c(plain$tau2, plain$b)
    plain <- if (off(given[1], unit^2 * tau2) || off(given[2], mean)) line(method, number(given))
    list(random = random, intervals = intervals, plain = plain)
  })
  list(common = first, random = sapply(parts, `[[`, "random"), intervals = unlist(lapply(parts, `[[`, "intervals")),
       plain = unlist(lapply(parts, `[[`, "plain")))
}

numbers <- function(text) as.numeric(strsplit(text, ";")[[1]])
arms <- read.csv(file.path(folder, "metadat_proportions.csv"), colClasses = c(arm = "character"))
name <- paste0(sub("dat.", "", arms$dataset, fixed = TRUE), "/", arms$arm)
cases <- lapply(split(seq_along(name), factor(name, unique(name))), function(at) list(
  case = name[at[1]], events = arms$events[at], totals = arms$totals[at], level = 0.95, edge = FALSE))
edges <- do.call(rbind, lapply(c("pooling_cases.csv", "pooling_edge_cases.csv"), function(file)
  read.csv(file.path(folder, file), colClasses = "character")))
cases <- c(unname(cases), Map(function(case, x, n, level) list(
  case = case, events = numbers(x), totals = numbers(n), level = as.numeric(level), edge = TRUE), edges$case, edges$events, edges$totals, edges$level))
jobs <- do.call(c, lapply(cases, function(case) lapply(names(MEASURES), function(transform) c(case, list(transform = transform)))))
done <- mclapply(jobs, function(job) with(job, one(case, events, totals, level, transform, edge)), mc.cores = cores)
failed <- sapply(done, inherits, "try-error")
if (any(failed)) stop(sum(failed), " failed, such as ", jobs[[which(failed)[1]]]$case, ": ", done[[which(failed)[1]]])

save <- function(part, header) writeLines(c(header, unlist(lapply(done, `[[`, part))), file.path(folder, paste0("pinned_", part, ".csv")))
limit <- c("ci_low", "ci_high", "pi_low", "pi_high")
save("common", paste("case,transform,k,sum_events,sum_totals,estimate_transformed,se,ci_low_transformed,ci_high_transformed,estimate,ci_low,ci_high",
                     "q,q_df,q_p,i2,h2,tau2_low,tau2_high,i2_low,i2_high", sep = ","))
save("random", "case,transform,method,tau2,i2,h2,estimate_transformed,se_z,se_knha,se_adhoc")
save("intervals", paste(c("case,transform,method,estimate", sapply(TESTS, function(test) paste0(limit, "_", test))), collapse = ","))
save("plain", "case,transform,method,tau2,estimate_transformed")
origin <- data.frame(
  file = paste0("pinned_", c("common", "random", "intervals", "plain"), ".csv"),
  program = paste("R", getRversion(), "metafor", packageVersion("metafor"), "metadat", packageVersion("metadat")),
  call = c("rma(y / unit, v / unit^2, method = 'EE') and confint() on escalc(measure)",
           "rma(y / unit, v / unit^2, method, tau2 = tightly solved, test)", "predict() of the same fits; transf.ilogit, transf.ipft.hm, transf.iarcsin, exp",
           "rma(measure, xi, ni, method, test = 'knha')")
)
write.csv(origin, file.path(folder, "pinned_origin.csv"), row.names = FALSE)
message(length(cases), " cases, ", length(jobs), " sets of effects")
