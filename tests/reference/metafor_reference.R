# Values that tests/test_pooling.py and tests/test_estimates.py compare with. Nothing of R is needed when the tests run.
#
#   Rscript tests/reference/metafor_reference.R          (from the top folder; R 4.2, metafor 3.8 of Debian bookworm)
#
# writes pooling.csv (metafor), wilson.csv (base R) and origin.csv (programs, versions and calls).
#
# Pooling: rma(measure = "PLO", method = "REML", test = "knha") and predict(). The threshold at which metafor stops
# looking for tau2 is absolute, so each set is fitted with effects divided by the root of its typical variance (the
# model is scale equivariant) and threshold 1e-14. The restricted likelihood can have several maxima, so the search is
# started from several tau2 and the fit with the highest likelihood is kept. `plain_tau2` is what the same call gives
# without these two measures and with metafor's own settings: it shows how far these settings matter.

suppressPackageStartupMessages(library(metafor))
folder <- "tests/reference"
numbers <- function(text) as.numeric(strsplit(text, ";")[[1]])
whole <- function(x) format(x, scientific = FALSE, trim = TRUE)
full <- function(x) format(x, digits = 17, trim = TRUE, scientific = TRUE)

fit_from <- function(yi, vi, level, start) {
  control <- list(threshold = 1e-14, maxiter = 100000)
  if (!is.na(start)) control$tau2.init <- start
  tryCatch(suppressWarnings(rma(yi, vi, method = "REML", test = "knha", level = level, control = control)), error = function(e) NULL)
}

# The fit at tau2 = 0 comes first, so that it is kept where another one only reaches it to within rounding.
best_fit <- function(yi, vi, level) {
  at_zero <- suppressWarnings(rma(yi, vi, method = "REML", tau2 = 0, test = "knha", level = level))
  starts <- c(NA, 0, 1e-6, 1e-3, 0.1, 1, 10, 1000)
  fits <- c(list(at_zero), lapply(starts, function(start) fit_from(yi, vi, level, start)))
  fits <- Filter(Negate(is.null), fits)
  likelihood <- sapply(fits, function(fit) fit$fit.stats["ll", "REML"])
  fits[[which(likelihood >= max(likelihood) - 1e-12)[1]]]
}

pooled <- function(case, events, totals, level = 0.95) {
  effects <- escalc(measure = "PLO", xi = events, ni = totals)
  unit <- sqrt(median(effects$vi))
  fit <- best_fit(effects$yi / unit, effects$vi / unit^2, 100 * level)
  at <- predict(fit)
  plain <- tryCatch(suppressWarnings(rma(measure = "PLO", xi = events, ni = totals, method = "REML", test = "knha"))$tau2,
                    error = function(e) NA)
  data.frame(
    case = case, k = fit$k, events = paste(whole(events), collapse = ";"), totals = paste(whole(totals), collapse = ";"),
    level = level,
    estimate = full(plogis(unit * at$pred)), ci_low = full(plogis(unit * at$ci.lb)), ci_high = full(plogis(unit * at$ci.ub)),
    pi_low = full(plogis(unit * at$pi.lb)), pi_high = full(plogis(unit * at$pi.ub)),
    tau2 = full(unit^2 * fit$tau2), i2 = full(fit$I2), q = full(fit$QE), q_p = full(fit$QEp), plain_tau2 = full(plain)
  )
}

cases <- read.csv(file.path(folder, "pooling_cases.csv"), colClasses = "character")
edge <- Map(function(case, x, n, level) pooled(case, numbers(x), numbers(n), as.numeric(level)),
            cases$case, cases$events, cases$totals, cases$level)

estimates <- read.csv("data/sources/estimates.csv", encoding = "UTF-8")
indicators <- read.csv("data/judgements/indicators.csv", encoding = "UTF-8")
choices <- read.csv("data/judgements/estimate_choices.csv", encoding = "UTF-8")
used <- estimates[estimates$estimate_id %in% choices$estimate_id[choices$use == "yes"], ]
poolable <- indicators$indicator_id[indicators$combine == "poolable"]
poolable <- poolable[vapply(poolable, function(indicator) sum(used$indicator_id == indicator), 0) >= 3] # as guard_rails.POOL_FROM
real <- lapply(poolable, function(indicator) {
  rows <- used[used$indicator_id == indicator, ]
  pooled(indicator, rows$numerator, rows$denominator)
})
write.csv(do.call(rbind, c(edge, real)), file.path(folder, "pooling.csv"), row.names = FALSE, quote = FALSE)

# Wilson intervals: prop.test(correct = FALSE) of base R, for every estimate with counts and for the ends of the range.
counted <- estimates[!is.na(estimates$numerator) & !is.na(estimates$denominator), ]
ends <- data.frame(
  events = c(0, 1, 0, 10, 0, 1, 5e6, 9999999, 1e7, 0, 171780, 0, 509, 1, 999),
  totals = c(1, 1, 10, 10, 1e7, 1e7, 1e7, 1e7, 1e7, 509, 513250, 12, 509, 1000, 1000)
)
interval <- function(case, x, n, level) {
  both <- suppressWarnings(prop.test(x, n, conf.level = level, correct = FALSE))$conf.int
  data.frame(case = case, events = whole(x), totals = whole(n), level = level, low = full(both[1]), high = full(both[2]))
}
rows <- c(
  Map(interval, counted$estimate_id, counted$numerator, counted$denominator, 0.95),
  Map(function(x, n, level) interval(paste0(whole(x), "_of_", whole(n)), x, n, level),
      rep(ends$events, 3), rep(ends$totals, 3), rep(c(0.95, 0.9, 0.99), each = nrow(ends)))
)
write.csv(do.call(rbind, rows), file.path(folder, "wilson.csv"), row.names = FALSE, quote = FALSE)

origin <- data.frame(
  file = c("pooling.csv", "wilson.csv"),
  program = c(paste("R", getRversion(), "metafor", packageVersion("metafor")), paste("R", getRversion(), "stats")),
  call = c("rma(yi / unit, vi / unit^2, method = 'REML', test = 'knha', control = list(threshold = 1e-14)) on escalc(measure = 'PLO'); predict()",
           "prop.test(x, n, conf.level = level, correct = FALSE)$conf.int")
)
write.csv(origin, file.path(folder, "origin.csv"), row.names = FALSE)
