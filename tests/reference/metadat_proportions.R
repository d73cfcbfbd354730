# Events and totals of every data set in metadat that holds proportions, as one tidy table: metadat_proportions.csv.
#
#   Rscript tests/reference/metadat_proportions.R        (from the top folder; R 4.2, metadat 1.2 of Debian bookworm)
#
# One data set a single arm or one arm (treatment, endpoint) of a comparison; `arm` says which. Rows without both counts, or without people,
# are left out, as are arms with fewer than two studies. dat.colditz1994 is dat.bcg under another name; dat.frank2008
# (three genotypes), dat.nielweise2008 (person-time) and dat.obrien2003 (dose levels within studies) hold no
# single proportion a study. For the meaning of the columns see metadat's own help pages.

suppressPackageStartupMessages(library(metadat))

arm <- function(name, arm, events, totals, keep = TRUE) {
  data <- get(name)
  of <- function(what) if (is.character(what)) data[[what]] else eval(what, data)
  rows <- data.frame(events = of(events), totals = of(totals))
  rows <- rows[eval(keep, data) & !is.na(rows$events) & !is.na(rows$totals) & rows$totals > 0, ]
  if (nrow(rows) < 2) return(NULL)
  data.frame(dataset = name, arm = arm, study = seq_len(nrow(rows)), rows)
}
two <- function(name, events, totals, arms = c("treated", "control")) Map(function(...) arm(name, ...), arms, events, totals)
by <- function(name, column, events, totals) {
  values <- unique(as.character(get(name)[[column]]))
  lapply(values, function(value) arm(name, value, events, totals, call("==", as.name(column), value)))
}
usual <- function(name) two(name, c("ai", "ci"), c("n1i", "n2i"))
endpoints <- function(name, ends, treated, control, of_treated, of_control) {
  unlist(lapply(ends, function(end) two(name, paste0(c(treated[1], control[1]), end, c(treated[2], control[2])), c(of_treated, of_control),
                                        paste(end, c("treated", "control")))), recursive = FALSE)
}

single <- list(arm("dat.pritz1997", "all", "xi", "ni"), arm("dat.debruin2009", "all", "xi", "ni"), arm("dat.hannum2020", "all", "xi", "ni"))
plain <- lapply(c("dat.anand1999", "dat.egger2001", "dat.graves2010", "dat.hahn2001", "dat.hine1989", "dat.laopaiboon2015", "dat.lau1992",
                  "dat.lee2004", "dat.li2007", "dat.linde2005", "dat.nielweise2007"), usual)
others <- c(
  two("dat.axfors2021", c("hcq_arm_event", "control_arm_event"), c("hcq_arm_total", "control_arm_total")),
  two("dat.bcg", c("tpos", "cpos"), list(quote(tpos + tneg), quote(cpos + cneg))),
  two("dat.bornmann2007", c("waward", "maward"), c("wtotal", "mtotal"), c("women", "men")),
  two("dat.bourassa1996", c("lh.le", "rh.le"), list(quote(lh.le + lh.re), quote(rh.le + rh.re)), c("left-handed", "right-handed")),
  endpoints("dat.cannon2006", 1:6, c("ep", "t"), c("ep", "c"), "nt", "nc"),
  endpoints("dat.collins1985a", c("b", "o", "d"), c("", ".xti"), c("", ".xci"), "nti", "nci"),
  endpoints("dat.collins1985b", "pre", c("", ".xti"), c("", ".xci"), "pre.nti", "pre.nci"),
  endpoints("dat.collins1985b", c("ped", "stb", "ned"), c("", ".xti"), c("", ".xci"), "fup.nti", "fup.nci"),
  two("dat.damico2009", c("xt", "xc"), c("nt", "nc")),
  two("dat.dorn2007", c("x.a", "x.p"), c("n.a", "n.p")),
  endpoints("dat.fine1993", 1:4, c("e", "i"), c("c", "i"), "nei", "nci"),
  two("dat.gibson2002", c("ai", "ci"), list(quote(ai + bi), quote(ci + di))),
  two("dat.hart1999", c("x1i", "x2i"), c("n1i", "n2i")),
  two("dat.hartmannboyce2018", c("x.nrt", "x.ctrl"), c("n.nrt", "n.ctrl")),
  two("dat.kearon1998", c("tp", "tn"), c("np", "nn"), c("sensitivity", "specificity")),
  two("dat.landenberger2005", c("n.cbt.rec", "n.ctrl.rec"), list(quote(n.cbt.rec + n.cbt.non), quote(n.ctrl.rec + n.ctrl.non))),
  two("dat.vanhowe1999", c("non.pos", "cir.pos"), list(quote(non.pos + non.neg), quote(cir.pos + cir.neg)), c("non", "cir")),
  two("dat.viechtbauer2021", c("xTi", "xCi"), c("nTi", "nCi"))
)
cold <- lapply(c("rngoal1", "rngoal2", "sngoal1", "sngoal2"), function(outcome) Map(
  function(label, events, totals) arm("dat.dagostino1998", paste(outcome, label), events, totals, call("==", as.name("outcome"), outcome)),
  c("treated", "control"), c("xt", "xc"), c("nt", "nc")))
tables <- lapply(unique(dat.yusuf1985$table), function(table) Map(
  function(label, events, totals) arm("dat.yusuf1985", paste(table, label), events, totals, call("==", as.name("table"), table)),
  c("treated", "control"), c("ai", "ci"), c("n1i", "n2i")))
antidepressants <- lapply(c("resp", "remi", "loss"), function(outcome) lapply(1:3, function(i) arm(
  "dat.linde2015", paste0(outcome, i), paste0(outcome, i), paste0("n", i))))
networks <- c(by("dat.baker2009", "treatment", "exac", "total"), by("dat.dogliotti2014", "treatment", "stroke", "total"),
              by("dat.dong2013", "treatment", "death", "randomized"), by("dat.gurusamy2011", "treatment", "death", "n"),
              by("dat.hasselblad1998", "trt", "xi", "ni"), by("dat.pagliaro1992", "trt", "xi", "ni"), by("dat.woods2010", "treatment", "r", "N"))

flat <- function(x) if (is.data.frame(x)) list(x) else unlist(lapply(x, flat), recursive = FALSE)
table <- do.call(rbind, flat(list(single, plain, others, cold, tables, antidepressants, networks)))
stopifnot(all(table$events >= 0), all(table$events <= table$totals), all(table$totals > 0), !duplicated(table[c("dataset", "arm", "study")]))
table$arm <- gsub(",", ";", table$arm)
write.csv(table, "tests/reference/metadat_proportions.csv", row.names = FALSE, quote = FALSE)
message(nrow(table), " studies, ", nrow(unique(table[c("dataset", "arm")])), " arms, ", length(unique(table$dataset)), " data sets")
