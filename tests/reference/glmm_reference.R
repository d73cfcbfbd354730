# Values that tests/test_glmm_reference.py compares with. Nothing of R is needed when the tests run.
#
#   Rscript tests/reference/glmm_reference.R [cores [pattern]]   (from the top folder; R 4.2 with metafor 3.8, lme4 1.1, numDeriv,
#                                                          VGAM 1.1 of Debian bookworm; about twelve minutes of processor
#                                                          time; with a pattern only the cases whose names match, in place)
#
# Cases: every arm in metadat_proportions.csv, pooling_cases.csv, pooling_edge_cases.csv and glmm_edge_cases.csv that the
# model can be fitted to (more than one study, and not none or all in every study).
#   glmm.csv             a row a case and program: estimates, and the EXACT log likelihood at these estimates
#   glmm_modes.csv       conditional modes and their variances by lme4, at lme4's estimates
#   glmm_moderators.csv  two coefficients and tau2 with the moderator study/k
#   beta_binomial.csv    a row a case and program
#   glmm_origin.csv      programs, versions, calls
#
# "integrate" is the reference proper: each study's likelihood by R's integrate(), centred and scaled at its mode, the sum
# maximised by nlminb over (mu, log tau) from several starts, and compared with tau = 0. metafor and lme4 stop where their
# optimiser's tolerance lets them and use 7 and 25 nodes; `log_likelihood` shows who is higher. metafor's own logLik is
# not used: it is built from lme4's deviance(), which is the deviance given the modes and not the marginal one.

suppressPackageStartupMessages({library(metafor); library(lme4); library(numDeriv); library(parallel); library(VGAM)})
folder <- "tests/reference"
cores <- if (length(commandArgs(TRUE))) as.integer(commandArgs(TRUE)[1]) else 1L
only <- if (length(commandArgs(TRUE)) > 1) commandArgs(TRUE)[2] else NULL
quiet <- function(expr) tryCatch(suppressMessages(suppressWarnings(expr)), error = function(e) NULL)
number <- function(x) ifelse(is.na(x), "", formatC(as.numeric(x), digits = 15, format = "g", width = 1))
counts <- function(text) as.numeric(strsplit(text, ";")[[1]])
write <- function(rows, file) {
  table <- do.call(rbind, rows)
  if (is.null(table)) return(invisible())
  table[] <- lapply(table, function(column) if (is.numeric(column)) number(column) else column)
  if (!is.null(only) && "case" %in% names(table)) {
    old <- read.csv(file.path(folder, file), colClasses = "character")
    old <- old[!grepl(only, old$case), , drop = FALSE]
    table <- rbind(old, table[names(old)])
  }
  write.csv(table, file.path(folder, file), row.names = FALSE, quote = FALSE, eol = "\n")
}

read_cases <- function() {
  data <- read.csv(file.path(folder, "metadat_proportions.csv"), colClasses = c(arm = "character"))
  arms <- lapply(split(data, paste(data$dataset, data$arm, sep = "/")), function(d) list(x = d$events, n = d$totals))
  for (file in c("pooling_cases.csv", "pooling_edge_cases.csv", "glmm_edge_cases.csv")) {
    table <- read.csv(file.path(folder, file), colClasses = "character")
    for (i in seq_len(nrow(table))) arms[[paste0("edge/", table$case[i])]] <- list(x = counts(table$events[i]), n = counts(table$totals[i]))
  }
  for (name in names(arms)) arms[[name]]$name <- gsub(",", ";", name)
  fits <- function(d) length(d$x) > 1 && (any(d$x > 0 & d$x < d$n) || (all(d$n == 1) && sum(d$x) %in% seq_len(sum(d$n) - 1)))
  Filter(function(d) fits(d) && (is.null(only) || grepl(only, d$name)), arms)
}

# ---- the exact likelihood ------------------------------------------------------------------------------------------
# Log likelihood of counts at a logit relative to the highest it can be, so that no digits are lost with millions of people:
# n (p d - log(1 + p (exp(d) - 1))) with p = x/n and d the distance from its logit, counted from the rarer side.
below_best <- function(x, n, eta) {
  if (x > n / 2) { x <- n - x; eta <- -eta }
  if (x == 0) return(-n * log1p(exp(eta)))
  p <- x / n
  d <- eta - log(x / (n - x))
  n * (p * d - log1p(p * expm1(d)))
}
study_log <- function(x, n, mu, tau) {
  best <- dbinom(x, n, x / n, log = TRUE)
  if (tau == 0) return(below_best(x, n, mu) + best)
  h <- function(z) below_best(x, n, mu + tau * z) - z^2 / 2
  slope <- function(z) tau * (x - n * plogis(mu + tau * z)) - z
  far <- abs(slope(0)) + 1
  mode <- uniroot(slope, sort(c(-far, far) * sign(far)), tol = 1e-14, maxiter = 5000)$root
  p <- plogis(mu + tau * mode)
  s <- 1 / sqrt(1 + tau^2 * n * p * (1 - p))
  top <- h(mode)
  g <- function(t) exp(h(mode + s * t) - top)
  reach <- 12 / s # the prior's own reach, where the likelihood is flat on one side
  cut <- sort(unique(c(-reach, -40, -8, -3, 0, 3, 8, 40, reach)))
  cut <- cut[abs(cut) <= reach & (abs(cut) <= 8 | g(cut * 0.999) > 0)]
  area <- sum(mapply(function(a, b) integrate(g, a, b, rel.tol = 1e-11, abs.tol = 1e-14, subdivisions = 2000L)$value, head(cut, -1), tail(cut, -1)))
  top + log(area * s) - log(2 * pi) / 2 + best
}
# Studies with the same counts have the same integral.
exact_log <- function(x, n, mu, tau) {
  key <- paste(x, n)
  first <- !duplicated(key)
  each <- mapply(study_log, x[first], n[first], MoreArgs = list(mu = mu, tau = tau))
  sum(each[match(key, key[first])])
}

direct <- function(x, n, starts) {
  share <- sum(x) / sum(n)
  common <- list(mu = qlogis(share), tau2 = 0, se = 1 / sqrt(sum(n) * share * (1 - share)), log = exact_log(x, n, qlogis(share), 0))
  minus <- function(theta) {
    value <- tryCatch(-exact_log(x, n, theta[1], exp(theta[2])), error = function(e) 1e10)
    if (is.finite(value)) value else 1e10
  }
  best <- common
  for (start in starts) {
    fit <- quiet(nlminb(start, minus, control = list(rel.tol = 1e-14, x.tol = 1e-12, iter.max = 400, eval.max = 800)))
    if (is.null(fit)) next
    fit <- quiet(nlminb(fit$par, minus, control = list(rel.tol = 1e-15, x.tol = 1e-13, iter.max = 400, eval.max = 800)))
    if (!is.null(fit) && -fit$objective > best$log + 1e-9) best <- list(mu = fit$par[1], tau2 = exp(2 * fit$par[2]), log = -fit$objective, par = fit$par)
  }
  if (best$tau2 > 0) best$se <- tryCatch(sqrt(solve(hessian(minus, best$par))[1, 1]), error = function(e) NA, warning = function(w) NA)
  best$common <- common$log
  best
}

one <- function(d) {
  x <- d$x; n <- d$n; k <- length(x)
  at <- function(mu, tau2) tryCatch(exact_log(x, n, mu, sqrt(tau2)), error = function(e) NA)
  frame <- data.frame(x, n, study = seq_len(k))
  none <- c(i2 = NA, h2 = NA, q_wald = NA, q_lrt = NA, q_df = NA, q_lrt_p = NA, own_log = NA)
  row <- function(program, mu, se, tau2, log, more = none) {
    data.frame(case = d$name, program = program, k = k, mu = mu, se = se, tau2 = tau2, log_likelihood = log, as.list(more))
  }
  rows <- list(); starts <- list(c(qlogis(sum(x) / sum(n)), log(0.3)))
  m <- quiet(rma.glmm(measure = "PLO", xi = x, ni = n))
  if (!is.null(m)) {
    more <- c(i2 = m$I2, h2 = m$H2, q_wald = m$QE.Wld, q_lrt = m$QE.LRT, q_df = m$QE.df, q_lrt_p = m$QEp.LRT, own_log = NA)
    rows$m <- row("metafor", m$beta[1], m$se, m$tau2, at(m$beta[1], m$tau2), more)
    starts$m <- c(m$beta[1], log(max(sqrt(m$tau2), 1e-4)))
  }
  glmer_row <- function(points, program) {
    g <- quiet(glmer(cbind(x, n - x) ~ 1 + (1 | study), data = frame, family = binomial, nAGQ = points))
    if (is.null(g)) return(NULL)
    tau2 <- VarCorr(g)$study[1]
    list(row = row(program, fixef(g)[[1]], sqrt(vcov(g)[1]), tau2, at(fixef(g)[[1]], tau2),
                   replace(none, "own_log", if (points == 1) as.numeric(logLik(g)) else NA)), fit = g)
  }
  l25 <- glmer_row(25, "lme4-25"); l1 <- glmer_row(1, "lme4-laplace")
  rows$l25 <- l25$row; rows$l1 <- l1$row
  if (!is.null(l25)) starts$l <- c(l25$row$mu, log(max(sqrt(l25$row$tau2), 1e-4)))
  y <- qlogis((x + 0.5) / (n + 1)); v <- 1 / (x + 0.5) + 1 / (n - x + 0.5)
  starts$wide <- c(mean(y), log(max(sd(y), 1e-3))); starts$narrow <- c(weighted.mean(y, 1 / v), log(sqrt(1 / mean(1 / v))) - 1)
  b <- direct(x, n, starts)
  rows$d <- row("integrate", b$mu, b$se, b$tau2, b$log, replace(none, "own_log", b$common))
  modes <- NULL
  if (!is.null(l1) && k <= 15 && l1$row$tau2 > 0) {
    r <- ranef(l1$fit, condVar = TRUE)$study
    modes <- data.frame(case = d$name, study = seq_len(k), events = x, totals = n, mu = l1$row$mu, tau2 = l1$row$tau2,
                        mode = l1$row$mu + r[[1]], variance = attr(r, "postVar")[1, 1, ])
  }
  list(fits = do.call(rbind, rows), modes = modes)
}

moderated <- function(d) {
  x <- d$x; n <- d$n; frame <- data.frame(x, n, study = seq_along(x), z = seq_along(x) / length(x))
  out <- list()
  m <- quiet(rma.glmm(measure = "PLO", xi = x, ni = n, mods = ~z, data = frame))
  if (!is.null(m)) out$m <- data.frame(case = d$name, program = "metafor", b0 = m$beta[1], b1 = m$beta[2], se0 = m$se[1], se1 = m$se[2], tau2 = m$tau2)
  g <- quiet(glmer(cbind(x, n - x) ~ z + (1 | study), data = frame, family = binomial, nAGQ = 25,
                   control = glmerControl(optimizer = "Nelder_Mead", optCtrl = list(FtolAbs = 1e-14, FtolRel = 1e-15, XtolRel = 1e-12, maxfun = 20000))))
  if (!is.null(g)) {
    s <- sqrt(diag(as.matrix(vcov(g))))
    out$g <- data.frame(case = d$name, program = "lme4-25", b0 = fixef(g)[[1]], b1 = fixef(g)[[2]], se0 = s[1], se1 = s[2], tau2 = VarCorr(g)$study[1])
  }
  do.call(rbind, out)
}

# ---- beta-binomial -------------------------------------------------------------------------------------------------
# The products that define it, as sums of logarithms, exact down to rho = 0; gamma functions only where the sums are too long
# (and there not below a rho at which they lose their digits).
beta_log <- function(x, n, p, rho) {
  if (rho == 0) return(sum(dbinom(x, n, p, log = TRUE)))
  theta <- rho / (1 - rho)
  if (max(n) <= 2e6) {
    rising <- function(start, count) if (count == 0) 0 else sum(log(start + theta * (seq_len(count) - 1)))
    return(sum(mapply(function(x, n) rising(p, x) + rising(1 - p, n - x) - rising(1, n), x, n) + lchoose(n, x)))
  }
  if (theta < 1e-9) return(NaN)
  sum(lchoose(n, x) + lbeta(x + p / theta, n - x + (1 - p) / theta) - lbeta(p / theta, (1 - p) / theta))
}
# numDeriv's steps go with the size of a parameter, and a mean near 0 makes them too small: in units of its own error they are right.
error_of_mean <- function(minus, par) {
  unit <- 1 / sqrt(diag(hessian(minus, par)))
  unit[1] * sqrt(solve(hessian(function(steps) minus(par + (steps - 1) * unit), c(1, 1)))[1, 1])
}
beta_one <- function(d) {
  x <- d$x; n <- d$n; share <- sum(x) / sum(n)
  minus <- function(theta) { value <- -beta_log(x, n, plogis(theta[1]), plogis(theta[2])); if (is.finite(value)) value else 1e10 }
  best <- list(mu = qlogis(share), rho = 0, se = 1 / sqrt(sum(n) * share * (1 - share)), log = beta_log(x, n, share, 0))
  for (start in c(-12, -9, -6, -4, -2, 0)) {
    fit <- quiet(nlminb(c(qlogis(mean((x + 0.5) / (n + 1))), start), minus, control = list(rel.tol = 1e-15, x.tol = 1e-13, iter.max = 1000, eval.max = 2000)))
    if (!is.null(fit) && -fit$objective > best$log + 1e-9) best <- list(mu = fit$par[1], rho = plogis(fit$par[2]), log = -fit$objective, par = fit$par)
  }
  if (best$rho > 0) best$se <- tryCatch(error_of_mean(minus, best$par), error = function(e) NA, warning = function(w) NA)
  rows <- list(data.frame(case = d$name, program = "nlminb", k = length(x), mu = best$mu, se = best$se, rho = best$rho, log_likelihood = best$log))
  # VGAM's working weights are sums over 0 to n: not for millions.
  f <- if (max(n) <= 20000) quiet(vglm(cbind(x, n - x) ~ 1, betabinomial, epsilon = 1e-12, maxit = 200))
  if (!is.null(f)) {
    s <- quiet(sqrt(vcov(f)[1, 1])); e <- coef(f)
    rows$v <- data.frame(case = d$name, program = "VGAM", k = length(x), mu = e[[1]], se = if (is.null(s)) NA else s, rho = plogis(e[[2]]),
                         log_likelihood = beta_log(x, n, plogis(e[[1]]), plogis(e[[2]])))
  }
  do.call(rbind, rows)
}

main <- function() {
  cases <- read_cases()
  each <- function(f, over) mclapply(over, f, mc.cores = cores, mc.preschedule = FALSE)
  done <- each(one, cases)
  write(lapply(done, `[[`, "fits"), "glmm.csv")
  write(lapply(done, `[[`, "modes"), "glmm_modes.csv")
  with_moderator <- Filter(function(d) length(d$x) >= 8 && length(d$x) <= 40 && !startsWith(d$name, "edge/"), cases)
  if (is.null(only)) write(each(moderated, with_moderator[round(seq(1, length(with_moderator), length.out = 12))]), "glmm_moderators.csv")
  write(each(beta_one, cases), "beta_binomial.csv")
  origin <- data.frame(
    program = c("metafor", "lme4-25", "lme4-laplace", "integrate", "VGAM", "nlminb"),
    version = c(as.character(packageVersion("metafor")), rep(as.character(packageVersion("lme4")), 2), rep(paste0("R ", getRversion()), 1),
                as.character(packageVersion("VGAM")), paste0("R ", getRversion())),
    call = c("rma.glmm(measure='PLO'; xi; ni)", "glmer(cbind(x; n-x) ~ 1 + (1|study); binomial; nAGQ=25)", "the same with nAGQ=1",
             "integrate() a study; nlminb over (mu; log tau); numDeriv::hessian", "vglm(cbind(x; n-x) ~ 1; betabinomial; epsilon=1e-12)",
             "nlminb of the beta-binomial likelihood over (logit mean; logit rho); numDeriv::hessian"))
  write(list(origin), "glmm_origin.csv")
}
if (sys.nframe() == 0L) main() # other scripts take its functions
