// The planning form in JupyterLab: it draws what `form_view` in form.py says, and sends what was filled in.
// It decides nothing: what is a stage, a day or a name that must not stand there is said by Python.

const PATIENCE = 4000; // ms without an answer after which the team is told that nothing was stored

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

let forms = 0;

function render({ model, el }) {
  const id = `syn-plan-${(forms += 1)}`;
  const view = model.get("view");
  const fields = new Map(); // item -> part -> its field
  let serial = 0;
  let waiting = null;

  const count = h("p", { class: "count" });
  const said = h("p", { class: "said", role: "status" });
  const faults = h("div", { class: "faults", role: "alert", tabindex: "-1" });
  const day = h("input", { id: `${id}-day`, type: "date", required: true, oninput: touched });
  const blank = h("input", { id: `${id}-blank`, type: "checkbox" });
  const keep = h("input", { id: `${id}-keep`, type: "text", autocomplete: "off" });
  day.value = view.day;
  const root = h("form", { class: "syn-plan", "aria-labelledby": `${id}-title`, onsubmit: save, novalidate: true,
    "data-lm-suppress-shortcuts": "true", onkeydown: (event) => event.key !== "Tab" && event.stopPropagation() },
    h("h2", { id: `${id}-title` }, `Where are we, and what comes next? ${view.area}`),
    h("p", {}, "Leave an item empty where you cannot say: it counts as not answered, which is not the first stage. An owner is a role, never a name."),
    h("div", { class: "field short" }, h("label", { for: `${id}-day` }, "Day of this assessment"), day),
    count, ...domains(),
    faults,
    h("div", { class: "field check" }, blank, h("label", { for: `${id}-blank` }, "Black out what may show who somebody is")),
    h("div", { class: "field" }, h("label", { for: `${id}-keep` }, "Or: the reason for which it may stay, which is recorded"), keep),
    h("div", { class: "moves" }, h("button", { type: "submit" }, "Check and store"), said),
    h("p", { class: "status" }, view.status));

  function domains() {
    const names = [...new Set(view.items.map((item) => item.domain))];
    return names.map((name, at) =>
      h("section", { "aria-labelledby": `${id}-domain-${at}` },
        h("h3", { id: `${id}-domain-${at}` }, name),
        ...view.items.filter((item) => item.domain === name).map(one)));
  }

  function one(item) {
    const given = view.given[item.item_id] ?? {};
    const key = `${id}-${item.item_id}`;
    const parts = {
      stage: h("select", { onchange: touched }, h("option", { value: "" }, "not answered"), ...view.stages.map((word) => h("option", { value: word }, word))),
      note: h("textarea", { rows: 2, oninput: touched }),
      owner: h("input", { type: "text", autocomplete: "off", oninput: touched }),
      action_date: h("input", { type: "date", oninput: touched }),
    };
    fields.set(item.item_id, parts);
    const rows = Object.entries(parts).map(([part, field]) => {
      field.id = `${key}-${part}`;
      field.value = given[part] ?? "";
      return h("div", { class: `field ${part}` }, h("label", { for: field.id }, view.heads[part]), field);
    });
    const link = item.link ? h("a", { href: item.link, target: "_blank", rel: "noopener noreferrer", "aria-label": `open the source of ${item.item_id}` }, "open the source") : "";
    return h("fieldset", {}, h("legend", {}, item.item), h("p", { class: "source" }, `${item.item_id}. Source: ${item.source} `, link), h("div", { class: "fields" }, ...rows));
  }

  function answers() {
    const given = {};
    for (const [item, parts] of fields) {
      const values = Object.fromEntries(Object.entries(parts).map(([part, field]) => [part, field.value.trim()]));
      if (Object.values(values).some(Boolean)) given[item] = values;
    }
    return given;
  }

  function counted() {
    const n = [...fields.values()].filter((parts) => parts.stage.value).length;
    count.textContent = `${n} of ${fields.size} answered`;
  }

  function touched() {
    counted();
    said.textContent = "Not stored yet.";
  }

  function save(event) {
    event.preventDefault();
    serial += 1;
    said.textContent = "Checking …";
    model.send({ day: day.value, given: answers(), blank: blank.checked, keep: keep.value.trim(), serial });
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      said.textContent = "NOT STORED YET: the kernel does not answer. Leave this page open; if it stays so, restart the kernel and run the cell again. What was stored before is on disk.";
    }, PATIENCE);
  }

  /** Show what came of it; each fault that begins with an item's identifier leads to its field. */
  function outcome() {
    const now = model.get("outcome");
    if (now.heard < serial || !serial) return;
    clearTimeout(waiting);
    said.textContent = now.said || "Nothing was stored; see above.";
    for (const parts of fields.values()) for (const field of Object.values(parts)) field.removeAttribute("aria-invalid");
    day.removeAttribute("aria-invalid");
    faults.replaceChildren();
    if (!now.faults.length) return;
    faults.append(h("ul", {}, ...now.faults.map((line) => h("li", {}, fault(line)))));
    faults.focus();
  }

  function fault(line) {
    const found = line.match(/^(\S+), column ([^:]+): /);
    const part = found && Object.keys(view.heads).find((name) => view.heads[name] === found[2]);
    const field = line.startsWith(`${view.heads.date}:`) ? day : found && fields.get(found[1])?.[part];
    if (!field) return line;
    field.setAttribute("aria-invalid", "true");
    return h("a", { href: `#${field.id}`, onclick: (event) => { event.preventDefault(); field.focus(); } }, line);
  }

  model.on("change:outcome", outcome);
  counted();
  el.replaceChildren(root);
  return () => { clearTimeout(waiting); model.off("change:outcome", outcome); };
}

export default { render };
