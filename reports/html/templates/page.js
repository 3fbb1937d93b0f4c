"use strict";
(() => {
  const root = document.documentElement;
  const every = (selector, within = document) => [...within.querySelectorAll(selector)];

  // --- colours: the style sheet has them, canvases are told
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = (role) => {
    probe.style.color = `var(--${role})`;
    return getComputedStyle(probe).color;
  };
  const plots = new Map(); // element -> BokehJS document

  function dye(plot) {
    const known = new Map();
    for (const model of plot.models) {
      for (const tag of model.tags) {
        const [property, role] = String(tag).split("=");
        if (!role) continue;
        if (!known.has(role)) known.set(role, colour(role));
        model[property] = known.get(role);
      }
    }
  }
  const dyeAll = () => plots.forEach((plot) => dye(plot));

  const theme = document.getElementById("theme");
  function choose(value) {
    if (value) root.dataset.theme = value;
    else delete root.dataset.theme;
    theme.value = value;
    dyeAll();
  }
  const KEY = "mesh-chaos-colours";
  try { // a page opened from disk may have no storage
    choose(localStorage.getItem(KEY) ?? "");
  } catch { choose(""); }
  theme.addEventListener("change", () => {
    choose(theme.value);
    try { localStorage.setItem(KEY, theme.value); } catch { /* forgotten with the page */ }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dyeAll);

  // --- timelines: drawn when they come into view
  async function draw(element) {
    if (plots.has(element)) return;
    plots.set(element, { models: [] });
    const item = JSON.parse(element.parentElement.querySelector("script.item").textContent);
    element.replaceChildren();
    const views = await Bokeh.embed.embed_item(item, element);
    const { model } = views.roots[0];
    const plot = { models: [...model.references()], time: model.document.get_model_by_name("time") };
    plots.set(element, plot);
    plot.whole = { start: plot.time.start, end: plot.time.end };
    dye(plot);
    tell(element);
    plot.time.change.connect(() => tell(element));
    element.dataset.drawn = "";
  }
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "300px" });
  every(".plot").forEach((element) => seen.observe(element));

  function tell(element) {
    const { time } = plots.get(element);
    const text = `${time.start.toFixed(2)} s to ${time.end.toFixed(2)} s`;
    element.parentElement.querySelector("output").textContent = text;
  }

  const NARROWEST_S = 0.05;
  const CLOSER_S = 2;
  function move(element, how, second = 0) {
    const plot = plots.get(element);
    if (!plot?.time) return;
    const { whole, time } = plot;
    let width = time.end - time.start;
    let middle = (time.start + time.end) / 2;
    if (how === "in") width /= 2;
    if (how === "out") width *= 2;
    if (how === "earlier") middle -= width / 4;
    if (how === "later") middle += width / 4;
    if (how === "at") [middle, width] = [second, 2 * CLOSER_S];
    if (how === "all") width = Infinity;
    width = Math.min(Math.max(width, NARROWEST_S), whole.end - whole.start);
    const start = Math.min(Math.max(middle - width / 2, whole.start), whole.end - width);
    time.setv({ start, end: start + width });
  }
  const KEYS = { "+": "in", "=": "in", "-": "out", ArrowLeft: "earlier", ArrowRight: "later", 0: "all" };
  for (const element of every(".plot")) {
    for (const button of every("button", element.parentElement)) {
      button.addEventListener("click", async () => {
        await draw(element);
        move(element, button.dataset.zoom, Number(button.dataset.second));
      });
    }
    element.addEventListener("keydown", (event) => {
      if (!(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      move(element, KEYS[event.key]);
    });
  }

  // --- filters and links
  const experiments = every(".experiment");
  const filters = document.getElementById("filters");
  function filter() {
    const wanted = every("select", filters).filter((select) => select.value);
    let shown = 0;
    for (const experiment of experiments) {
      experiment.hidden = wanted.some((select) => experiment.dataset[select.name] !== select.value);
      shown += experiment.hidden ? 0 : 1;
    }
    document.getElementById("shown").textContent = `${shown} of ${experiments.length} shown`;
    document.getElementById("none").hidden = shown > 0;
  }
  function follow() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.classList.contains("experiment")) return;
    if (target.hidden) filters.reset();
    target.querySelector("details").open = true;
    target.scrollIntoView();
  }
  const openAll = (open) => experiments.forEach((one) => { one.querySelector("details").open = open; });
  if (filters) {
    filters.addEventListener("change", filter);
    filters.addEventListener("submit", (event) => event.preventDefault());
    filters.addEventListener("reset", () => setTimeout(filter));
    document.getElementById("open-all").addEventListener("click", () => openAll(true));
    document.getElementById("close-all").addEventListener("click", () => openAll(false));
    filter(); // a page that is gone back to keeps what was chosen
  }
  addEventListener("hashchange", follow);
  follow();

  // --- paper: everything open, in light colours
  const paper = matchMedia("print");
  let closed = [];
  function unfold() {
    if (!closed.length) closed = every("details:not([open])");
    closed.forEach((details) => { details.open = true; });
    dyeAll();
  }
  function fold() {
    closed.forEach((details) => { details.open = false; });
    closed = [];
    dyeAll();
  }
  paper.addEventListener("change", (event) => (event.matches ? unfold() : fold()));
  addEventListener("beforeprint", unfold);
  addEventListener("afterprint", fold);
  document.getElementById("print").addEventListener("click", async () => {
    unfold();
    await Promise.all(every(".experiment:not([hidden]) .plot").map(draw));
    setTimeout(() => print(), 300); // canvases are painted in the next frames
  });
})();
