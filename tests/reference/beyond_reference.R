# Values that tests/test_beyond_reference.py compares with. Nothing of R is needed when the tests run.
#
#   Rscript tests/reference/beyond_reference.R      (from the top folder; R 4.2, metafor 3.8, metadat, clubSandwich; a minute)
#
# writes beyond_cases.csv (the studies, from metadat and made up), beyond.csv (long: analysis, case, item, quantity, value)
# and beyond_origin.csv (program, version and call of each analysis).
#
# metafor stops looking for tau2 at an absolute threshold, so effects are divided by the root of their median variance
# (the models are scale equivariant), the threshold is 1e-13, and results are brought back to the scale of the effects.

suppressPackageStartupMessages({library(metafor); library(metadat); library(clubSandwich)})
folder <- "tests/reference"
TIGHT <- list(threshold = 1e-13, tol = 1e-14, maxiter = 3000, tau2.max = 1e10)
LOOSER <- c(list(TIGHT), lapply(c(1e-12, 1e-11, 1e-10), function(t) modifyList(TIGHT, list(threshold = t))))
settled <- function(call) { for (control in LOOSER) { fit <- tryCatch(quiet(call(control)), error = function(e) NULL); if (!is.null(fit)) return(fit) }; stop("no fit") }
quiet <- function(expr) suppressMessages(suppressWarnings(expr))
out <- list()
note <- function(analysis, case, item, ...) {
  values <- sapply(list(...), function(value) unname(value)[1])
  out[[length(out) + 1]] <<- data.frame(analysis = analysis, case = case, item = item, quantity = names(values),
    value = ifelse(is.na(values), "", formatC(as.numeric(values), digits = 16, format = "g", width = 1)))
}

# ---------------------------------------------------------------------------------------------------------------- cases
words <- function(x) gsub("[^A-Za-z0-9 .-]", "", as.character(x))
row_of <- function(case, study, cluster, events, totals, number, word)
  data.frame(case = case, study = words(study), cluster = words(cluster), events = events, totals = totals, number = number, word = words(word))
h <- dat.hannum2020; b <- dat.debruin2009; p <- dat.pritz1997; s <- dat.hasselblad1998; g <- dat.pagliaro1992; v <- dat.bcg
cases <- rbind(
  row_of("pritz", p$authors, p$study, p$xi, p$ni, seq_len(nrow(p)), rep(c("early", "late"), each = 7)),
  row_of("hannum", paste(h$authorName, seq_len(nrow(h))), h$country, h$xi, h$ni, sqrt(h$ni), h$objectivity),
  row_of("debruin", b$author, b$ethnicity, b$xi, b$ni, b$scq, b$ethnicity),
  row_of("hasselblad", paste(s$authors, s$trt), s$study, s$xi, s$ni, s$year, s$trt),
  row_of("pagliaro", paste(g$study, g$trt), g$study, g$xi, g$ni, log(g$ni), g$trt),
  row_of("bcg controls", v$author, v$alloc, v$cpos, v$cpos + v$cneg, v$ablat, v$alloc),
  row_of("alike", letters[1:8], rep(1:4, 2), c(20, 41, 60, 30, 19, 50, 40, 22), c(100, 200, 300, 150, 100, 250, 200, 105), 1:8, rep(c("a", "b"), 4)),
  row_of("one far off", letters[1:9], rep(1:3, 3), c(10, 22, 31, 15, 9, 27, 19, 12, 170), c(100, 200, 300, 150, 100, 250, 200, 105, 200), 1:9, rep(c("a", "b", "c"), 3)),
  row_of("rare with zeros", letters[1:8], rep(1:4, each = 2), c(0, 1, 0, 3, 2, 0, 5, 1), c(40, 300, 55, 900, 410, 15, 700, 350), c(3, 1, 4, 1, 5, 9, 2, 6), rep(c("a", "b"), each = 4))
)
write.csv(cases, file.path(folder, "beyond_cases.csv"), row.names = FALSE, quote = 2:3)
effects <- function(case, measure = "PLO") {
  d <- cases[cases$case == case, ]
  d <- escalc(measure = measure, xi = events, ni = totals, data = d)
  d$yi <- as.vector(d$yi)
  attr(d, "unit") <- sqrt(median(d$vi))
  d
}
fit <- function(d, mods = NULL, method = "REML", test = "knha", y = d$yi, v = d$vi) {
  unit <- sqrt(median(v))
  if (is.null(mods)) mods <- ~ 1
  best <- function(start) {
    control <- TIGHT
    if (!is.na(start) && method %in% c("REML", "ML")) control$tau2.init <- start
    for (threshold in c(1e-13, 1e-12, 1e-11)) { # rounding can keep the steps from falling below the tightest one
      control$threshold <- threshold
      fit <- tryCatch(quiet(rma(y / unit, v / unit^2, mods = mods, data = d, method = method, test = test, control = control)), error = function(e) NULL)
      if (!is.null(fit)) return(fit)
    }
  }
  fits <- Filter(Negate(is.null), lapply(if (method %in% c("REML", "ML")) c(NA, 0, 0.1, 10, 1000) else NA, best))
  fit <- if (method %in% c("REML", "ML")) fits[[which.max(sapply(fits, function(f) f$fit.stats["ll", method]))]] else fits[[1]]
  list(fit = fit, unit = unit)
}

# ------------------------------------------------------------------------------------------------------- meta-regression
regress <- function(case, measure, mods, name, method, test) {
  d <- effects(case, measure); one <- fit(d, mods, method, test); r <- one$fit; u <- one$unit
  key <- paste(case, measure, name, method, test, sep = "|")
  for (i in seq_along(r$beta)) note("metareg", key, i, estimate = u * r$beta[i], se = u * r$se[i], statistic = r$zval[i], p = r$pval[i],
                                    ci_low = u * r$ci.lb[i], ci_high = u * r$ci.ub[i])
  tau <- quiet(confint(r, control = list(tau2.max = 1e8, tol = 1e-14)))$random
  note("metareg", key, "summary", tau2 = u^2 * r$tau2, i2 = r$I2, h2 = r$H2, r2 = r$R2, q_residual = r$QE, q_residual_p = r$QEp,
       test = r$QM, test_p = r$QMp, tau2_low = u^2 * tau["tau^2", "ci.lb"], tau2_high = u^2 * tau["tau^2", "ci.ub"])
  if (method == "REML") note("metareg", key, "summary", log_likelihood = r$fit.stats["ll", "REML"] - (r$k - r$p) * log(u))
  at <- predict(r)
  back <- list(PLO = plogis, PAS = function(x) sin(pmin(pmax(x, 0), pi / 2))^2)[[measure]]
  for (i in c(1, 2, r$k)) note("metareg", key, paste0("study", i), estimate = back(u * at$pred[i]), ci_low = back(u * at$ci.lb[i]), ci_high = back(u * at$ci.ub[i]),
                               pi_low = back(u * at$pi.lb[i]), pi_high = back(u * at$pi.ub[i]))
}
for (case in c("pritz", "hannum", "debruin", "hasselblad", "pagliaro", "bcg controls", "alike", "rare with zeros")) {
  for (test in c("knha", "z")) {
    regress(case, "PLO", ~ number, "number", "REML", test)
    regress(case, "PLO", ~ number + word, "number,word", "REML", test)
  }
  regress(case, "PLO", ~ number, "number", "REML", "t")
  regress(case, "PLO", ~ number, "number", "REML", "adhoc")
  regress(case, "PAS", ~ number, "number", "REML", "knha")
}
for (method in c("ML", "DL", "PM", "HS", "HE", "SJ", "EB"))
  for (case in c("hannum", "debruin", "hasselblad")) regress(case, "PLO", ~ number + word, "number,word", method, "knha")

# ------------------------------------------------------------------------------------------------------------- subgroups
for (case in c("hannum", "debruin", "hasselblad", "bcg controls", "alike", "pritz")) {
  d <- effects(case)
  groups <- sort(unique(d$word))
  single <- lapply(groups, function(w) if (sum(d$word == w) > 1) fit(d[d$word == w, ], NULL, "REML", "knha"))
  names(single) <- groups
  single <- Filter(Negate(is.null), single)
  if (length(single) == length(groups)) {
    for (w in groups) { one <- single[[w]]; r <- one$fit; u <- one$unit; at <- predict(r)
      note("subgroups", paste0(case, "|separate"), w, estimate_transformed = u * r$beta[1], se = u * r$se, tau2 = u^2 * r$tau2, i2 = r$I2, q = r$QE,
           estimate = plogis(u * at$pred), ci_low = plogis(u * at$ci.lb), ci_high = plogis(u * at$ci.ub)) }
    means <- sapply(single, function(one) one$unit * one$fit$beta[1]); ses <- sapply(single, function(one) one$unit * one$fit$se)
    between <- rma(means, sei = ses, method = "EE")
    note("subgroups", paste0(case, "|separate"), "between", q = between$QE, p = between$QEp)
  }
  one <- fit(d, ~ 0 + word, "REML", "knha"); r <- one$fit; u <- one$unit
  for (i in seq_along(r$beta)) note("subgroups", paste0(case, "|common"), groups[i], estimate_transformed = u * r$beta[i], se = u * r$se[i],
    tau2 = u^2 * r$tau2, estimate = plogis(u * r$beta[i]), ci_low = plogis(u * r$ci.lb[i]), ci_high = plogis(u * r$ci.ub[i]))
  r <- fit(d, ~ word, "REML", "knha")$fit
  note("subgroups", paste0(case, "|common"), "between", q = r$QM, p = r$QMp)
}

# ----------------------------------------------------------------------------------------------------- influence, Baujat
for (case in c("pritz", "hannum", "debruin", "bcg controls", "alike", "one far off", "rare with zeros")) for (test in c("knha", "z")) {
  d <- effects(case); u <- sqrt(median(d$vi)); y <- d$yi / u; w <- d$vi / u^2
  refitted <- function(again) settled(function(control) { a <- again(rma(y, w, method = "REML", test = test, control = control)); if (anyNA(unlist(a$tau2))) stop("one fit did not settle"); a })
  r <- settled(function(control) rma(y, w, method = "REML", test = test, control = control))
  inf <- refitted(function(r) { i <- influence(r); list(tau2 = i$inf$tau2.del, i = i) })$i; x <- inf$inf
  for (i in seq_len(r$k)) note("influence", paste(case, test, sep = "|"), i, rstudent = x$rstudent[i], dffits = x$dffits[i], cooks_distance = x$cook.d[i],
    cov_ratio = x$cov.r[i], tau2_deleted = u^2 * x$tau2.del[i], q_deleted = x$QE.del[i], hat = x$hat[i], weight = x$weight[i],
    dfbetas = inf$dfbs[[1]][i], influential = as.numeric(inf$is.infl[i]))
  l <- refitted(leave1out)
  for (i in seq_len(r$k)) note("leave_one_out", paste(case, test, sep = "|"), i, estimate_transformed = u * l$estimate[i], se = u * l$se[i],
    tau2 = u^2 * l$tau2[i], i2 = l$I2[i], h2 = l$H2[i], q = l$Q[i], q_p = l$Qp[i],
    estimate = plogis(u * l$estimate[i]), ci_low = plogis(u * l$ci.lb[i]), ci_high = plogis(u * l$ci.ub[i]))
  order_by <- order(d$number)
  y <- y[order_by]; w <- w[order_by]
  cu <- refitted(cumul)
  y <- d$yi / u; w <- d$vi / u^2
  for (i in seq_len(r$k)[-1]) note("cumulative", paste(case, test, sep = "|"), i, estimate_transformed = u * cu$estimate[i], se = u * cu$se[i],
    tau2 = u^2 * cu$tau2[i], estimate = plogis(u * cu$estimate[i]), ci_low = plogis(u * cu$ci.lb[i]), ci_high = plogis(u * cu$ci.ub[i]))
  pdf(NULL)
  for (model in c("EE", "REML")) { bj <- settled(function(control) { b <- baujat(rma(y, w, method = model, control = control)); if (anyNA(b$y)) stop("one fit did not settle"); b })
    for (i in seq_len(r$k)) note("baujat", paste(case, model, sep = "|"), i, heterogeneity = bj$x[i], influence = bj$y[i]) }
  invisible(dev.off())
}
d <- effects("debruin"); u <- sqrt(median(d$vi))
inf <- settled(function(control) { i <- influence(rma(d$yi / u, d$vi / u^2, mods = ~ d$number, test = "knha", control = control)); if (anyNA(i$inf$tau2.del)) stop("one fit did not settle"); i })
for (i in seq_len(nrow(d))) note("influence", "debruin|number", i, rstudent = inf$inf$rstudent[i], dffits = inf$inf$dffits[i], cooks_distance = inf$inf$cook.d[i],
  cov_ratio = inf$inf$cov.r[i], hat = inf$inf$hat[i], dfbetas_0 = inf$dfbs[[1]][i], dfbetas_1 = inf$dfbs[[2]][i], influential = as.numeric(inf$is.infl[i]))

# --------------------------------------------------------------------------------------------------------- small studies
lfk <- function(y, v) { # the formula of the 2018 paper, written out step by step
  o <- order(y); y <- y[o]; v <- v[o]; n <- 100 * max(v) / v
  rank <- sapply(seq_along(n), function(i) sum(n[seq_len(i - 1)]) + n[i] / 2)
  z <- qnorm((rank - 0.5) / sum(n)); tip <- y[which.min(abs(z))]
  5 / (2 * length(y)) * sum(z + (max(z) - min(z)) / (max(y) - min(y)) * (y - tip))
}
for (case in c("pritz", "hannum", "debruin", "hasselblad", "bcg controls", "alike", "one far off", "rare with zeros")) for (measure in c("PLO", "PAS")) {
  d <- effects(case, measure); key <- paste(case, measure, sep = "|"); u <- sqrt(median(d$vi)); back <- list(PLO = plogis, PAS = function(x) sin(pmin(pmax(x, 0), pi / 2))^2)[[measure]]
  check <- function(name, t, unit) note("small_studies", key, name, statistic = t$zval, p = t$pval, limit = back(unit * t$est), limit_low = back(unit * t$ci.lb), limit_high = back(unit * t$ci.ub))
  check("egger", regtest(d$yi, d$vi, model = "lm"), 1)
  check("egger, random effects", settled(function(control) regtest(rma(d$yi / u, d$vi / u^2, test = "z", control = control), model = "rma")), u)
  if (length(unique(d$totals)) > 1) check("peters", regtest(d$yi, d$vi, ni = d$totals, model = "lm", predictor = "ninv"), 1)
  note("small_studies", key, "lfk", statistic = lfk(d$yi, d$vi))
}
note("lfk", "pain", "index", value = lfk(c(-4.270, -1.710, -0.580, -0.190, 0.000), c(0.158, 0.076, 0.018, 0.022, 0.040)))

# ---------------------------------------------------------------------------------------- three levels, robust variance
three <- function(case, y, v, cluster, proportions) {
  d <- data.frame(y = y, v = v, cluster = cluster, id = seq_along(y))
  for (tolerance in c(1e-14, 1e-12, 1e-10, 1e-8)) { # rounding can keep nlminb from the tightest ones
    control <- list(optimizer = "nlminb", rel.tol = tolerance, iter.max = 10000, eval.max = 10000)
    r <- tryCatch(quiet(rma.mv(y, v, random = ~ 1 | cluster / id, data = d, control = control)), error = function(e) NULL)
    if (!is.null(r)) break
  }
  # The refits of the profile fail at the tightest tolerance, and the search stops at 100 times the estimate unless told.
  ci <- quiet(confint(rma.mv(y, v, random = ~ 1 | cluster / id, data = d, control = list(optimizer = "nlminb", rel.tol = 1e-9)),
                      control = list(tol = 1e-10, vc.min = 0, vc.max = 100)))
  note("three_level", case, "fit", effect = r$beta[1], se = r$se, between = r$sigma2[1], within = r$sigma2[2], log_likelihood = c(logLik(r)),
       q = r$QE, between_low = ci[[1]]$random[1, 2], between_high = ci[[1]]$random[1, 3], within_low = ci[[2]]$random[1, 2], within_high = ci[[2]]$random[1, 3])
  if (proportions) for (how in c("wald", "t", "t-clusters")) {
    r <- quiet(rma.mv(y, v, random = ~ 1 | cluster / id, data = d, control = control, test = if (how == "wald") "z" else "t", dfs = if (how == "t-clusters") "contain" else "residual"))
    at <- predict(r)
    note("three_level", case, how, estimate = plogis(at$pred), ci_low = plogis(at$ci.lb), ci_high = plogis(at$ci.ub), pi_low = plogis(at$pi.lb), pi_high = plogis(at$pi.ub))
  }
  r
}
sandwich <- function(key, r, cluster) {
  CLUSTER <<- cluster # robust() looks its argument up from the top
  for (how in c("CR0", "CR1", "CR2")) {
    s <- if (how == "CR2") robust(r, cluster = CLUSTER, clubSandwich = TRUE) else robust(r, cluster = CLUSTER, adjust = how == "CR1")
    for (i in seq_along(s$beta)) note("robust", paste(key, how, sep = "|"), i, effect = s$beta[i], se = s$se[i], df = rep(s$dfs, length.out = length(s$beta))[i], p = s$pval[i], effect_low = s$ci.lb[i], effect_high = s$ci.ub[i])
  }
}
for (case in c("hasselblad", "pagliaro", "hannum", "debruin", "bcg controls", "one far off", "rare with zeros")) {
  d <- effects(case)
  r <- three(case, d$yi, d$vi, d$cluster, TRUE)
  sandwich(paste(case, "three-level", "mean", sep = "|"), r, d$cluster)
  one <- settled(function(control) rma(d$yi, d$vi, control = control))
  sandwich(paste(case, "independent", "mean", sep = "|"), one, d$cluster)
  if (length(unique(d$cluster)) > 5) {
    one <- settled(function(control) rma(d$yi, d$vi, mods = ~ d$number, control = control))
    sandwich(paste(case, "independent", "number", sep = "|"), one, d$cluster)
  }
}
generic <- rbind(data.frame(case = "konstantopoulos", y = dat.konstantopoulos2011$yi, v = dat.konstantopoulos2011$vi, cluster = dat.konstantopoulos2011$district),
                 data.frame(case = "assink", y = dat.assink2016$yi, v = dat.assink2016$vi, cluster = dat.assink2016$study))
write.csv(generic, file.path(folder, "beyond_nested.csv"), row.names = FALSE, quote = FALSE)
for (case in unique(generic$case)) { g <- generic[generic$case == case, ]; three(case, g$y, g$v, g$cluster, FALSE) }

# --------------------------------------------------------------------------------------------------- outliers (mixture)
mixture <- function(y, v, mu = NULL) { # minus the log-likelihood at its least, from many starts
  loss <- function(at) { m <- if (is.null(mu)) at[4] else mu
    share <- plogis(at[3]) / 2
    -sum(log((1 - share) * dnorm(y, m, sqrt(v + exp(at[1]))) + share * dnorm(y, m, sqrt(v + exp(at[1]) + exp(at[2]))))) }
  starts <- if (is.null(mu)) expand.grid(log(c(1e-6, 0.01, 0.3)), log(c(0.1, 3)), c(-3, 0), median(y)) else expand.grid(log(c(1e-6, 0.05)), log(c(0.1, 3)), -1)
  fits <- apply(starts, 1, function(s) nlminb(s, loss, control = list(rel.tol = 1e-13, iter.max = 1000, eval.max = 2000)))
  fits <- lapply(fits, function(f) list(par = f$par, value = f$objective))
  fits[[which.min(sapply(fits, function(f) f$value))]]
}
for (case in c("hannum", "one far off", "bcg controls", "debruin")) {
  d <- effects(case); best <- mixture(d$yi, d$vi); se <- sqrt(1 / sum(1 / (d$vi + exp(best$par[1]))))
  lost <- function(m) 2 * (mixture(d$yi, d$vi, m)$value - best$value) - qchisq(0.95, 1)
  end <- function(way) { far <- best$par[4] + way * 2 * se; while (lost(far) < 0) far <- far + way * se; uniroot(lost, sort(c(best$par[4], far)), tol = 1e-8)$root }
  note("outliers", case, "fit", mean = best$par[4], log_likelihood = -best$value, tau2 = exp(best$par[1]), tau2_outliers = exp(best$par[1]) + exp(best$par[2]), share = plogis(best$par[3]) / 2,
       low = end(-1), high = end(1))
}
egger <- escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.egger2001)
write.csv(data.frame(y = as.vector(egger$yi), v = egger$vi), file.path(folder, "beyond_magnesium.csv"), row.names = FALSE, quote = FALSE)

all <- do.call(rbind, out)
write.csv(all, file.path(folder, "beyond.csv"), row.names = FALSE, quote = 2:3)
version <- paste("R", getRversion(), "metafor", packageVersion("metafor"))
origin <- rbind(
  c("metareg", version, "rma(yi / unit, vi / unit^2, mods, method, test, control = list(threshold = 1e-13)); confint(); predict()"),
  c("subgroups", version, "rma() of each group, rma(means, sei, method = 'EE')$QE; rma(mods = ~ 0 + word), rma(mods = ~ word)$QM"),
  c("influence", version, "influence(rma(yi / unit, vi / unit^2, test))"),
  c("leave_one_out", version, "leave1out(rma(yi / unit, vi / unit^2, test))"),
  c("cumulative", version, "cumul(rma(), data sorted by number)"),
  c("baujat", version, "baujat(rma(method = 'EE')), baujat(rma(method = 'REML'))"),
  c("small_studies", version, "regtest(model = 'lm'), regtest(rma(), model = 'rma'), regtest(model = 'lm', predictor = 'ninv'); LFK: the published formula in base R"),
  c("lfk", paste("R", getRversion()), "the published formula in base R, on the data of the paper's example"),
  c("three_level", version, "rma.mv(random = ~ 1 | cluster / id, control = list(rel.tol = 1e-14)); confint(); predict()"),
  c("robust", paste(version, "clubSandwich", packageVersion("clubSandwich")), "robust(adjust = FALSE), robust(adjust = TRUE), robust(clubSandwich = TRUE)"),
  c("outliers", paste("R", getRversion()), "the mixture's likelihood written out, nlminb() from 12 starts, uniroot() of its profile")
)
write.csv(setNames(as.data.frame(origin), c("analysis", "program", "call")), file.path(folder, "beyond_origin.csv"), row.names = FALSE)
