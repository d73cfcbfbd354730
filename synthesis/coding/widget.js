// The coder's screen in JupyterLab: it draws what `view` in widget.py says, and sends what the coder does.
// It decides nothing: codes, ranks, saving and the order of findings are CodingSession's.

const KEYS = [
  ["/", "search the codebook"],
  ["↑ ↓", "go through the codes"],
  ["Enter", "give the marked code"],
  ["Backspace", "take back the last code"],
  ["1 2 3", "high, medium, low confidence"],
  ["n", "negative case: runs against the code"],
  ["c", "choose the next of your codes"],
  ["r", "raise its rank"],
  ["t", "its note"],
  ["m", "memo on the finding"],
  ["u", "undo"],
  ["s or →", "record as read, next finding"],
  ["←", "finding before"],
  ["g", "first finding not read yet"],
  ["Esc", "back from a text field to these keys"],
  ["Tab", "every button and field, and out of here"],
];
const REPEATS = new Set(["ArrowUp", "ArrowDown"]); // a key held down must not run through findings unread
const PAUSE = 700; // ms without typing after which a note or memo is saved
const PATIENCE = 4000; // ms without an answer after which the coder is told that nothing was saved

/** An element with attributes, on… listeners and children; text is text, never markup. */
function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== "" && child != null));
  return node;
}

/** Codes in which every typed word occurs: those with a word in their name first, each group in the codebook's order. */
export function found(codebook, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const inside = (text) => words.filter((word) => text.toLowerCase().includes(word)).length;
  const text = (code) => [code.name, code.code_id, code.theme, code.definition, code.use_when].join(" ");
  const hits = codebook.filter((code) => inside(text(code)) === words.length);
  return hits.map((code, at) => [inside(code.name), at, code]).sort((a, b) => b[0] - a[0] || a[1] - b[1]).map((hit) => hit[2]);
}

let screens = 0;

function render({ model, el }) {
  const id = `syn-screen-${(screens += 1)}`;
  const view = () => model.get("view");
  const codebook = model.get("codebook");
  const levels = Object.entries(model.get("levels"));
  let shown = codebook;
  let marked = 0;
  let serial = 0;
  let waiting = null;
  const drafts = new Map(); // what was typed and not sent yet: name -> {timer, send}

  // ------------------------------------------------------------ the parts of the screen

  const where = h("h2", { id: `${id}-where` });
  const bar = h("progress", { "aria-label": "Findings read" });
  const count = h("span", { class: "count" });
  const text = h("p", { class: "finding", id: `${id}-finding` });
  const context = h("dl", { class: "context" });
  const given = h("ol", { class: "given", "aria-label": "Codes given, by rank" });
  const none = h("p", { class: "none" }, "No code yet. Record it as read (s) if none fits.");
  const noteLabel = h("label", { for: `${id}-note` });
  const note = h("input", { id: `${id}-note`, type: "text", oninput: noteTyped, onblur: flush });
  const noteRow = h("div", { class: "field" }, noteLabel, note);
  const memo = h("textarea", { id: `${id}-memo`, rows: 2, oninput: memoTyped, onblur: flush });
  const about = h("input", { id: `${id}-about`, type: "text", oninput: memoTyped, onblur: flush });
  const said = h("p", { class: "said" });
  const spoken = h("p", { class: "spoken", role: "status" }); // the same, and each new finding, for screen readers
  const fault = h("p", { class: "fault", role: "alert" });
  const search = h("input", {
    id: `${id}-search`, type: "search", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "true",
    "aria-controls": `${id}-codes`, "aria-describedby": `${id}-about-code`, oninput: () => (listCodes(0), said_hits()),
  });
  const hits = h("span", { class: "hits", "aria-live": "polite" });
  const codes = h("ul", { id: `${id}-codes`, role: "listbox", "aria-label": "Codebook", tabindex: "-1" });
  const details = h("dl", { class: "details", id: `${id}-about-code` });
  const button = (words, what, value) => h("button", { type: "button", onclick: () => send(what, value) }, words);
  const root = h(
    "div",
    {
      class: "syn-coder", tabindex: "0", role: "group", "aria-labelledby": `${id}-where`, "aria-describedby": `${id}-finding`,
      "data-lm-suppress-shortcuts": "true", // JupyterLab's own single keys (d d deletes the cell) sleep in here
      onkeydown: key,
    },
    h("div", { class: "head" }, where, h("div", { class: "advance" }, bar, count), h("p", { class: "who" }, `Coding as ${model.get("coder")}; others' codes are not shown`)),
    h("div", { class: "halves" },
      h("section", { "aria-label": "Finding" }, text, context,
        h("h3", {}, "Your codes"), given, none, noteRow,
        h("div", { class: "about" },
          h("div", { class: "field" }, h("label", { for: `${id}-memo` }, "Memo on this finding"), memo),
          h("div", { class: "field" }, h("label", { for: `${id}-about` }, "It is about (default: first code)"), about))),
      h("section", { "aria-label": "Codebook" },
        h("div", { class: "field" }, h("label", { for: `${id}-search` }, "Search the codebook"), search, hits),
        codes, details, button("Give this code", "add-marked"))),
    h("div", { class: "moves" }, button("← Finding before", "back"), button("Undo", "undo"), button("First not read", "unread"), button("Record as read, next →", "next")),
    said, spoken, fault,
    h("dl", { class: "keys", "aria-label": "Keys" }, ...KEYS.map(([keys, does]) => h("div", {}, h("dt", {}, ...keys.split(" ").map((one) => (one === "or" ? " or " : h("kbd", {}, one)))), h("dd", {}, does)))),
  );

  // ------------------------------------------------------------ drawing

  function draw() {
    const now = view();
    const same = root.dataset.finding === now.finding_id;
    root.dataset.finding = now.finding_id;
    where.textContent = `Finding ${now.position} of ${now.of}${now.read ? " (read)" : ""}`;
    bar.max = now.of;
    bar.value = now.n_read;
    count.textContent = `${now.n_read} of ${now.of} read`;
    text.textContent = now.finding;
    drawContext(now);
    drawGiven(now);
    fill(memo, now.memo, same);
    fill(about, now.memo_about, same);
    said.textContent = now.said;
    spoken.textContent = same ? now.said : `${now.said} ${now.finding}`;
    fault.textContent = now.fault;
    if (!same) startFinding();
    if (now.heard >= serial) heard();
  }

  function startFinding() {
    search.value = "";
    listCodes(0);
    if (!root.contains(document.activeElement)) return;
    root.focus({ preventScroll: true });
    if (where.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
  }

  /** Show a saved text in a field, unless the coder is writing there. */
  function fill(field, value, same) {
    if (!same || (document.activeElement !== field && !drafts.has(field))) field.value = value;
  }

  function drawContext(now) {
    const study = now.study;
    const link = now.link ? h("a", { href: now.link, target: "_blank", rel: "noopener noreferrer" }, "open the source") : "";
    const rows = [
      ["Whose view", `${now.perspective} (${now.participant_role})`],
      ["Study", [study.title, [study.authors, study.year].filter(Boolean).join(", ")].filter(Boolean).join(". ")],
      ["Who took part", [study.population, study.participants_as_reported].filter(Boolean).join("; ")],
      ["Place", [study.country, study.setting].filter(Boolean).join("; ")],
      ["Design", study.design],
      ["Authors' theme", now.author_theme],
      ["Where it stands", h("span", {}, `${now.locator} (${now.source_part}); ${study.place}; ${now.finding_id}. `, link)],
    ];
    context.replaceChildren(...rows.filter((row) => row[1]).map(([term, what]) => h("div", {}, h("dt", {}, term), h("dd", {}, what))));
  }

  function drawGiven(now) {
    const held = given.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    given.replaceChildren(...now.codes.map((code, place) => givenRow(code, place, place === now.chosen)));
    if (held) (given.querySelector(`[data-place="${CSS.escape(held)}"]`) ?? root).focus();
    none.hidden = now.codes.length > 0;
    const code = now.codes[now.chosen];
    noteRow.hidden = !code;
    if (!code) return;
    const same = note.dataset.code === code.code_id;
    note.dataset.code = code.code_id;
    noteLabel.textContent = `Note on “${code.name}”`;
    fill(note, code.note, same);
  }

  function givenRow(code, place, chosen) {
    const part = (name, words, attributes, ...does) =>
      h("button", { type: "button", "data-place": `${name} ${code.code_id}`, onclick: () => does.forEach(([what, value]) => send(what, value)), ...attributes }, words);
    const choose = ["choose", place];
    return h("li", { class: chosen ? "chosen" : null, "aria-current": chosen ? "true" : null },
      part("choose", code.name, { class: "name", "aria-label": `${code.name}: choose` }, choose),
      h("span", { class: "levels", role: "group", "aria-label": `Confidence in ${code.name}` },
        ...levels.map(([level, meaning]) => part(level, level, { "aria-pressed": String(code.confidence === level), title: meaning }, choose, ["confidence", level]))),
      part("negative", "negative case", { "aria-pressed": String(code.negative_case), title: "The finding runs against the code" }, choose, ["negative", place]),
      place ? part("raise", "↑", { "aria-label": `Raise the rank of ${code.name}` }, ["raise", place]) : "",
      part("remove", "×", { "aria-label": `Take back ${code.name}` }, ["remove", place]),
      code.note && !chosen ? h("span", { class: "noted" }, code.note) : "");
  }

  function listCodes(at) {
    shown = found(codebook, search.value);
    codes.replaceChildren(...shown.map((code, place) =>
      h("li", { id: `${id}-code-${code.code_id}`, role: "option", onclick: () => mark(place), ondblclick: () => send("add", code.code_id) },
        code.name)));
    hits.textContent = "";
    mark(at);
  }

  function said_hits() {
    hits.textContent = `${shown.length} of ${codebook.length} codes`;
  }

  function mark(place) {
    marked = Math.max(0, Math.min(place, shown.length - 1));
    [...codes.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === marked)));
    const option = codes.children[marked];
    if (option) {
      search.setAttribute("aria-activedescendant", option.id);
      codes.scrollTop = Math.min(option.offsetTop, Math.max(codes.scrollTop, option.offsetTop + option.offsetHeight - codes.clientHeight));
    } else search.removeAttribute("aria-activedescendant");
    const code = shown[marked];
    const rows = code ? [["Definition", code.definition], ["Use when", code.use_when], ["Do not use for", code.do_not_use_for]] : [["No code", "holds all of these words."]];
    details.replaceChildren(...rows.map(([term, what]) => h("div", {}, h("dt", {}, term), h("dd", {}, what))));
    if (code) details.prepend(h("div", { class: "code" }, h("dt", {}, code.name), h("dd", {}, `${code.code_id}; theme: ${code.theme}`)));
  }

  // ------------------------------------------------------------ to and from Python

  function send(what, value) {
    if (what === "add-marked") {
      if (!shown[marked]) return;
      [what, value] = ["add", shown[marked].code_id];
    }
    flush();
    tell(what, value, view().finding_id);
    if (what === "add" && search.value) {
      const code = value;
      search.value = "";
      listCodes(0);
      mark(codebook.findIndex((one) => one.code_id === code));
    }
  }

  function tell(what, value, finding) {
    serial += 1;
    model.send({ do: what, value: value ?? null, finding, serial });
    waiting ??= setTimeout(() => {
      fault.textContent = "NOT SAVED YET: the kernel does not answer. Leave this page open; if it stays so, restart the kernel and run the cell again. All that was saved before is on disk.";
    }, PATIENCE);
  }

  function heard() {
    clearTimeout(waiting);
    waiting = null;
  }

  /** Send a typed text after a pause, or at once by `flush`; it belongs to the finding at which it was typed. */
  function draft(name, what, value) {
    clearTimeout(drafts.get(name)?.timer);
    const finding = view().finding_id;
    drafts.set(name, { timer: setTimeout(flush, PAUSE), send: () => tell(what, value, finding) });
  }

  function flush() {
    const ready = [...drafts.values()];
    drafts.clear();
    for (const one of ready) {
      clearTimeout(one.timer);
      one.send();
    }
  }

  function noteTyped() {
    draft(note, "note", { code_id: note.dataset.code, text: note.value });
  }

  function memoTyped() {
    draft(memo, "memo", { memo: memo.value, about: about.value });
  }

  // ------------------------------------------------------------ keys

  const DOES = {
    "/": () => { search.focus(); search.select(); },
    ArrowUp: () => mark(marked - 1),
    ArrowDown: () => mark(marked + 1),
    Enter: () => send("add-marked"),
    Backspace: () => send("remove"),
    n: () => send("negative"),
    c: () => send("choose", view().chosen + 1),
    r: () => send("raise"),
    t: () => (noteRow.hidden ? send("note", { code_id: "", text: "" }) : note.focus()),
    m: () => memo.focus(),
    u: () => send("undo"),
    s: () => send("next"),
    ArrowRight: () => send("next"),
    ArrowLeft: () => send("back"),
    g: () => send("unread"),
  };
  levels.forEach(([level], at) => { DOES[String(at + 1)] = () => send("confidence", level); });

  function key(event) {
    if (event.key === "Tab") return; // never trapped
    event.stopPropagation();
    if (event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      flush();
      said.textContent = "Every step is saved already.";
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const writing = event.target.matches("input, textarea");
    if (event.key === "Escape" && writing) return leave(event);
    if (event.target === search && ["ArrowUp", "ArrowDown", "Enter"].includes(event.key)) return use(event, event.key === "Enter" ? root : null);
    if (writing || (event.target.matches("button, a") && ["Enter", " "].includes(event.key))) return;
    use(event, null);
  }

  function use(event, then) {
    const does = DOES[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!does) return;
    event.preventDefault();
    if (event.repeat && !REPEATS.has(event.key)) return;
    does();
    if (then) then.focus();
  }

  function leave(event) {
    event.preventDefault();
    flush();
    if (event.target === search && search.value) {
      search.value = "";
      listCodes(0);
    }
    root.focus();
  }

  listCodes(0);
  draw();
  model.on("change:view", draw);
  el.append(root);
  return () => {
    flush();
    clearTimeout(waiting);
    model.off("change:view", draw);
  };
}

export default { render };
