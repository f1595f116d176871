"use strict";
// Tabs, and the error viewer. All text goes in by textContent; the state is the page's address: #errors/SYSTEM/ARTICLE/ID.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const field = Object.fromEntries(data.fields.map((name, n) => [name, n]));
const INVENTED = data.losses.length - 1;
const make = (tag, text, className) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
};
const option = (value, text) => Object.assign(make("option", text), { value });
const state = { system: Object.keys(data.systems)[0], article: 0, kind: "errors", slice: "", id: "" };

// One entry a gold attribution, then one a prediction for no gold claim.
function entries() {
  const article = data.articles[state.article];
  const answer = (data.systems[state.system] || [])[state.article];
  if (!answer) return [];
  const used = new Set(answer.losses.map((loss) => loss[1]));
  const found = answer.losses.map(([kind, at], n) => ({ kind, gold: article.gold[n], predicted: answer.predicted[at], key: article.gold[n][0] }));
  answer.predicted.forEach((one, n) => { if (!used.has(n)) found.push({ kind: INVENTED, predicted: one, key: "+" + one[0] }); });
  return found;
}
const shown = () => entries().filter((e) =>
  (state.kind === "all" || (state.kind === "errors" ? e.kind !== -1 : String(e.kind) === state.kind)) &&
  (!state.slice || (e.gold && e.gold[field.slices].includes(Number(state.slice)))));
const words = (spans) => {
  // offsets count code points, JavaScript's strings UTF-16 units
  const text = points();
  return spans.map(([a, b]) => text.slice(a, b).join("")).join(" … ") || "–";
};
let kept = [-1, []];
function points() {
  if (kept[0] !== state.article) kept = [state.article, Array.from(data.articles[state.article].text)];
  return kept[1];
}
const line = (x) => `${words(x[field.source])} | ${words(x[field.cue])} | ${words(x[field.claim])}`;

function draw() {
  const article = data.articles[state.article];
  const list = shown();
  $("where").textContent = `${article.id} · ${article.about}`;
  $("count").textContent = `${list.length} shown`;
  $("list").replaceChildren(...list.map((e) => {
    const button = make("button", undefined, `k${e.kind}`);
    button.type = "button";
    button.setAttribute("aria-pressed", String(e.key === state.id));
    button.append(make("b", e.kind === -1 ? "right" : data.losses[e.kind]));
    if (e.gold) button.append(make("br"), make("small", `gold ${e.gold[field.stance]}: `), line(e.gold));
    if (e.predicted) button.append(make("br"), make("small", `predicted ${e.predicted[field.stance]}: `), line(e.predicted));
    button.addEventListener("click", () => go({ id: e.key }));
    return button;
  }));
  drawText(list);
  const pressed = $("list").querySelector('[aria-pressed="true"]');
  if (pressed) pressed.scrollIntoView({ block: "nearest" });
}

function drawText(list) {
  const chosen = list.find((e) => e.key === state.id);
  const marks = [];
  const mark = (spans, name) => spans.forEach(([a, b]) => marks.push([a, b, name]));
  list.forEach((e) => mark((e.gold || e.predicted)[field.claim], `k${e.kind}`));
  if (chosen) {
    for (const [side, name] of [[chosen.gold, "g"], [chosen.predicted, "p"]]) {
      if (!side) continue;
      mark(side[field.claim], name);
      for (const role of ["source", "cue"]) { mark(side[field[role]], name); mark(side[field[role]], "role"); }
    }
  }
  const text = points();
  const edges = [...new Set([0, text.length, ...marks.flatMap((m) => [m[0], m[1]])])].sort((a, b) => a - b);
  const pieces = [];
  let first = null;
  for (let n = 0; n + 1 < edges.length; n++) {
    const names = new Set(marks.filter((m) => m[0] < edges[n + 1] && m[1] > edges[n]).map((m) => m[2]));
    const piece = text.slice(edges[n], edges[n + 1]).join("");
    if (!names.size) { pieces.push(document.createTextNode(piece)); continue; }
    const node = make("span", piece, [...names].join(" "));
    if (!first && (names.has("g") || names.has("p"))) first = node;
    pieces.push(node);
  }
  $("text").replaceChildren(...pieces);
  $("text").scrollTop = first ? Math.max(0, first.offsetTop - 80) : 0;
}

function go(change) {
  Object.assign(state, change);
  const address = ["errors", state.system, data.articles[state.article].id, state.id].filter(Boolean).map(encodeURIComponent);
  history.replaceState(null, "", "#" + address.join("/"));
  $("system").value = state.system; $("article").value = state.article; $("kind").value = state.kind; $("slice").value = state.slice;
  draw();
}
function step(by) {
  const list = shown();
  if (!list.length) return;
  const at = list.findIndex((e) => e.key === state.id);
  go({ id: list[(at < 0 ? (by > 0 ? 0 : list.length - 1) : (at + by + list.length) % list.length)].key });
}
function turn(by) { go({ article: (state.article + by + data.articles.length) % data.articles.length, id: "" }); }

function tab() {
  const [name, system, article, id] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const panels = [...document.querySelectorAll(".panel")];
  const chosen = panels.find((p) => p.id === name) || panels[0];
  panels.forEach((p) => { p.hidden = p !== chosen; });
  document.querySelectorAll("nav.tabs a").forEach((a) => a.setAttribute("aria-current", String(a.getAttribute("href") === "#" + chosen.id)));
  window.scrollTo(0, 0);
  if (chosen.id !== "errors" || !state.system) return;
  const place = data.articles.findIndex((a) => a.id === article);
  const change = {};
  if (system in data.systems) change.system = system;
  if (place >= 0) change.article = place;
  if (id) Object.assign(change, { id, kind: "all", slice: "" });
  go(change);
}

if (state.system) {
  const total = (name, n) => data.systems[name][n].losses.filter((l) => l[0] !== -1).length;
  $("system").append(...Object.keys(data.systems).map((s) => option(s, s)));
  $("article").append(...data.articles.map((a, n) => option(n, `${a.id} ${a.title.slice(0, 50)} (${total(state.system, n)} lost)`)));
  $("kind").append(option("errors", "all errors"), option("all", "everything"), option("-1", "right"), ...data.losses.map((l, n) => option(n, l)));
  $("slice").append(option("", "any"), ...data.slices.map((s, n) => option(n, s)).sort((a, b) => a.text.localeCompare(b.text)));
  $("legend").append(...[["right", -1], ...data.losses.map((l, n) => [l, n])].map(([text, n]) => {
    const item = make("span", undefined, `k${n}`); item.append(make("i"), text); return item; }));
  $("system").addEventListener("change", (e) => go({ system: e.target.value, id: "" }));
  $("article").addEventListener("change", (e) => go({ article: Number(e.target.value), id: "" }));
  $("kind").addEventListener("change", (e) => go({ kind: e.target.value, id: "" }));
  $("slice").addEventListener("change", (e) => go({ slice: e.target.value, id: "" }));
  document.addEventListener("keydown", (e) => {
    if ($("errors").hidden || e.ctrlKey || e.metaKey || e.altKey || e.target.tagName === "SELECT") return;
    const known = { j: () => step(1), k: () => step(-1), n: () => turn(1), p: () => turn(-1) };
    if (known[e.key]) { known[e.key](); e.preventDefault(); }
  });
} else { $("viewer").replaceChildren(make("p", "No kept predictions on this corpus yet: make benchmark.")); }
window.addEventListener("hashchange", tab);
window.addEventListener("load", () => window.scrollTo(0, 0)); // the browser has gone to the panel's own place by then
tab();
