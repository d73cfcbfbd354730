# Profile-likelihood intervals of tau2 that tests/test_glmm_reference.py compares with. Nothing of R is needed when the tests run.
#
#   Rscript tests/reference/glmm_profile.R        (from the top folder; R 4.2 with lme4 1.1 of Debian bookworm; a few minutes)
#
# writes glmm_profile.csv (case, program, tau2_low, tau2_high; level 0.95) and glmm_profile_origin.csv, for the cases of
# glmm_reference.R that are named below: ordinary ones, rare events, estimates of 0, large variances.
#   integrate  each study's likelihood by R's integrate(); at each tau the best mean by optimize(); the bound by uniroot()
#   lme4       confint(glmer(nAGQ = 25), method = "profile") of the standard deviation, squared; it interpolates its profile
#              by splines and stops where its own steps end, so it is good to about three digits, and has no answer for some
# A lower bound is 0 where tau2 = 0 is not rejected.

source("tests/reference/glmm_reference.R")
chosen <- c("dat.pritz1997/all", "dat.debruin2009/all", "dat.bcg/treated", "dat.bcg/control", "dat.nielweise2007/treated",
            "dat.nielweise2007/control", "dat.collins1985b/ned control", "dat.hahn2001/control", "dat.laopaiboon2015/treated",
            "edge/variance_barely_zero", "edge/variance_barely_above_zero", "edge/low_pft", "edge/rare_uneven",
            "edge/rare_uneven_high", "edge/none_and_all", "edge/two_maxima_far", "edge/all_events")

profile_at <- function(d, tau, near) {
  reach <- 3 + 3 * tau
  best <- optimize(function(mu) exact_log(d$x, d$n, mu, tau), near + c(-reach, reach), maximum = TRUE, tol = 1e-7)
  best$objective
}
interval <- function(d, mu, tau2, log) {
  goal <- log - qchisq(0.95, 1) / 2
  above <- function(s) tryCatch(profile_at(d, exp(s), mu), error = function(e) NA) - goal
  here <- log(max(sqrt(tau2), 1e-3))
  up <- here + 0.5
  while (above(up) > 0) up <- up + 0.7
  high <- uniroot(above, c(up - 0.7, up), tol = 1e-8)$root
  low <- -Inf
  if (exact_log(d$x, d$n, qlogis(sum(d$x) / sum(d$n)), 0) < goal) {
    down <- here - 0.3
    while (above(down) > 0) down <- down - 0.4
    low <- uniroot(above, c(down, down + 0.4), tol = 1e-8)$root
  }
  exp(2 * c(low, high))
}
by_lme4 <- function(d) {
  frame <- data.frame(x = d$x, n = d$n, study = seq_along(d$x))
  fit <- quiet(glmer(cbind(x, n - x) ~ 1 + (1 | study), data = frame, family = binomial, nAGQ = 25))
  bounds <- quiet(confint(fit, parm = ".sig01", method = "profile", quiet = TRUE))
  if (is.null(bounds)) NULL else as.numeric(bounds)^2
}
profiles <- function() {
  fits <- read.csv(file.path(folder, "glmm.csv"))
  fits <- fits[fits$program == "integrate", ]
  cases <- read_cases()
  names(cases) <- vapply(cases, `[[`, "", "name")
  stopifnot(chosen %in% names(cases))
  rows <- lapply(chosen, function(name) {
    d <- cases[[name]]; fit <- fits[fits$case == name, ]
    of <- function(program, bounds) data.frame(case = name, program = program, tau2_low = bounds[1], tau2_high = bounds[2])
    lme4 <- by_lme4(d)
    rbind(of("integrate", interval(d, fit$mu, fit$tau2, fit$log_likelihood)), if (!is.null(lme4)) of("lme4", lme4))
  })
  write(rows, "glmm_profile.csv")
  origin <- data.frame(
    program = c("integrate", "lme4"), version = c(paste0("R ", getRversion()), as.character(packageVersion("lme4"))),
    call = c("integrate() a study; optimize over mu; uniroot over log tau", "confint(glmer(nAGQ=25); method='profile')^2"))
  write(list(origin), "glmm_profile_origin.csv")
}
profiles()
