"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const AT_ONCE = 100, FEW = 5, PRINTED = 500;
  const form = document.querySelector(".tools");
  const groups = [...document.querySelectorAll(".group")];
  if (!groups.length) return;

  const make = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined && text !== null) made.textContent = text;
    return made;
  };
  const rowsOf = (group) => data[group.dataset.kind][Number(group.dataset.index)];
  const texts = new WeakMap();
  const textOf = (row) => {
    let text = texts.get(row);
    if (text === undefined) {
      text = row.map((part) => (part && typeof part === "object" ? Object.entries(part).flat().join(" ") : part ?? "")).join("\n").toLowerCase();
      texts.set(row, text);
    }
    return text;
  };
  const shown = (value) => (value === null || value === undefined ? make("span", "empty", "(empty)") : make("span", "", value));

  const NEW = 7;
  const filter = () => ({
    words: (form.elements.q.value || "").toLowerCase().split(/\s+/).filter(Boolean),
    mapping: form.elements.mapping ? form.elements.mapping.value : "",
    fresh: form.elements.new ? form.elements.new.checked : false,
  });
  const passes = (group, row, wanted, heading) => {
    if (wanted.fresh && group.dataset.kind === "rejected" && !row[NEW]) return false;
    if (wanted.mapping && group.dataset.kind === "left" && row[0] !== wanted.mapping) return false;
    if (!wanted.words.length) return true;
    const text = textOf(row);
    return wanted.words.every((word) => text.includes(word) || heading.includes(word));
  };

  const keyOf = (row) => make("span", row[1] === null ? "empty" : "key", row[1] === null ? "without a key" : row[1]);
  const line = (number, middle, last) => {
    const made = make("div", "row");
    if (number !== null) made.append(make("span", "number", "row " + number.toLocaleString("en")));
    made.append(middle);
    if (last.hasChildNodes()) made.append(last);
    else middle.classList.add("wide");
    return made;
  };
  const pieces = {
    rejected(row, alone, told) {
      const who = make("span"), words = make("div", "words");
      if (typeof row[3] === "string" && row[3].startsWith("https://")) {
        const link = make("a", "key", row[1] === null ? "without a key" : row[1]);
        link.href = row[3]; link.rel = "noopener noreferrer"; link.target = "_blank";
        who.append(link);
      } else who.append(keyOf(row));
      if (row[2]) who.append(" ", make("span", "", row[2]));
      if (row[NEW]) who.append(" ", make("span", "new", "new"));
      if (alone) { const value = shown(row[4]); value.classList.add("plain"); words.append(value); }
      if (row[5]) words.append(make("p", "", row[5]));
      if (row[6] && row[6] !== told) words.append(make("p", "", "Hint: " + row[6]));
      if (row[8] && !row[NEW]) words.append(make("p", "", "rejected since " + row[8]));
      if (row[9]) words.append(make("p", "", "ChartMogul: " + row[9]));
      return line(row[0], who, words);
    },
    changes(row) {
      const change = make("div");
      if (row[4] === false) change.append(make("span", "before unknown", "unknown"));
      else { const before = shown(row[2]); before.classList.add("before"); change.append(before); }
      change.append(make("span", "arrow", "→"), shown(row[3]));
      return line(row[0], keyOf(row), change);
    },
    created(row) {
      const fields = make("div", "words");
      fields.textContent = Object.entries(row[2]).map(([name, value]) => name + ": " + (value ?? "(empty)")).join(", ");
      return line(row[0], keyOf(row), fields);
    },
    warnings: (row) => line(row[0], keyOf(row), make("div", "words", row[2] || "")),
    left: (row) => line(null, keyOf(row), make("div", "words", row[0])),
  };

  // Rejected rows stand under their values, the commonest first and new ones before the others.
  const byValue = (rows) => {
    const found = new Map();
    for (const row of rows) {
      const value = row[4] === null ? "\u0000" : row[4];
      if (!found.has(value)) found.set(value, { value: row[4], rows: [], fresh: 0 });
      const one = found.get(value);
      one.rows.push(row); one.fresh += row[NEW];
    }
    for (const one of found.values()) one.rows.sort((a, b) => b[NEW] - a[NEW]);
    return [...found.values()].sort((a, b) => (b.fresh > 0) - (a.fresh > 0) || b.rows.length - a.rows.length);
  };
  // A hint that all rows of a value have stands once, above them.
  const hintOf = (one) => (one.rows.every((row) => row[6] === one.rows[0][6]) ? one.rows[0][6] : null);
  const heading = (one, all) => {
    const made = make("div", "value"), title = make("h4"), here = one.rows.length;
    const told = (number) => (number === 1 ? "1 row" : number.toLocaleString("en") + " rows");
    title.append(shown(one.value), make("span", "amount", all > here ? told(all) + ", " + here.toLocaleString("en") + " on this page" : told(here)));
    made.append(title);
    const hint = hintOf(one);
    if (hint) made.append(make("p", "hint", "Hint: " + hint));
    return made;
  };

  // Draws the first of `items`, and the others when they are asked for.
  const list = (place, items, most, noun, one) => {
    const more = make("button", "more");
    more.type = "button";
    let done = 0;
    const go = (count) => {
      const end = Math.min(items.length, done + count), rest = items.length - end, first = done;
      more.remove();
      for (; done < end; done++) place.append(one(items[done]));
      if (rest) {
        const many = rest === 1 ? noun.slice(0, -1) : noun;
        more.textContent = "Show " + (rest > AT_ONCE ? AT_ONCE + " of " : "") + rest.toLocaleString("en") + " more " + many;
        place.append(more);
      }
      return place.children[first];
    };
    more.addEventListener("click", () => {
      const next = go(AT_ONCE);
      if (next) { next.tabIndex = -1; next.focus({ preventScroll: true }); }
    });
    go(most);
  };
  const draw = (group, most = AT_ONCE) => {
    const place = group.querySelector(".rows"), kind = group.dataset.kind, rows = group.matching || rowsOf(group);
    place.replaceChildren();
    if (kind !== "rejected") { list(place, rows, most, "rows", (row) => pieces[kind](row)); return; }
    if (!group.dataset.about) { // it is about no field: there is no value
      list(place, [...rows].sort((a, b) => b[NEW] - a[NEW]), most, "rows", (row) => pieces.rejected(row));
      return;
    }
    const values = byValue(rows);
    // How many rows a value has in all, where the page has only some of them; of what is searched for nobody counted the others.
    const totals = new Map(group.matching ? [] : data.values[Number(group.dataset.index)]);
    if (values.length === rows.length && rows.length > 1) { // each has a value of its own
      list(place, values, most, "rows", (one) => pieces.rejected(one.rows[0], true));
      return;
    }
    const few = most > AT_ONCE ? most : values.length === 1 ? AT_ONCE : FEW;
    const rare = values.filter((one) => one.rows.length === 1);
    const several = rare.length > 1 ? [...values.filter((one) => one.rows.length > 1), ...rare] : values;
    list(place, several, most, "values", (one) => {
      if (rare.length > 1 && one.rows.length === 1) return pieces.rejected(one.rows[0], true); // its value stands beside it
      const under = heading(one, totals.get(one.value));
      list(under, one.rows, few, "rows", (row) => pieces.rejected(row, false, hintOf(one)));
      return under;
    });
  };

  let filtering = false;
  const apply = () => {
    const wanted = filter(), active = Boolean(wanted.words.length || wanted.mapping || wanted.fresh);
    if (active && !filtering) for (const group of groups) group.dataset.was = group.open ? "1" : "";
    let found = 0;
    for (const group of groups) {
      const title = group.querySelector("summary").textContent.toLowerCase();
      const elsewhere = wanted.mapping && group.dataset.mapping && group.dataset.mapping !== wanted.mapping;
      const matching = elsewhere ? [] : active ? rowsOf(group).filter((row) => passes(group, row, wanted, title)) : null;
      group.matching = matching;
      group.hidden = Boolean(matching && !matching.length);
      found += (matching || []).length;
      const open = wanted.words.length ? Boolean(matching.length) : active ? group.open : filtering ? group.dataset.was === "1" : group.open;
      if (open && group.open) draw(group);
      group.open = open;
    }
    filtering = active;
    form.querySelector(".found").textContent = active ? (found === 1 ? "1 row" : found.toLocaleString("en") + " rows") : "";
    for (const section of document.querySelectorAll("main > section")) {
      const inside = [...section.querySelectorAll(".group")];
      section.hidden = active && inside.length > 0 && inside.every((group) => group.hidden);
    }
  };

  for (const group of groups) group.addEventListener("toggle", () => { if (group.open) draw(group); });
  let waiting = 0;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 80); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(waiting); apply(); });

  const step = (by) => {
    const heads = groups.filter((group) => !group.hidden).map((group) => group.querySelector("summary"));
    const now = heads.indexOf(document.activeElement);
    const next = heads[now < 0 ? (by > 0 ? 0 : heads.length - 1) : Math.max(0, Math.min(heads.length - 1, now + by))];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (event.key === "Escape") { form.reset(); apply(); document.activeElement.blur(); return; }
    if (typing) return;
    const act = {
      "/": () => { form.elements.q.focus(); form.elements.q.select(); },
      j: () => step(1),
      k: () => step(-1),
      n: () => { if (form.elements.new) { form.elements.new.checked = !form.elements.new.checked; apply(); } },
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = groups.filter((group) => !group.open && !group.hidden);
    for (const group of groups) if (!group.hidden) { group.open = true; draw(group, PRINTED); }
  });
  addEventListener("afterprint", () => { for (const group of opened) group.open = false; opened = []; });

  // A link such as report.html#invalid_country shows what it names.
  const named = () => {
    let words = "";
    try { words = decodeURIComponent(location.hash.slice(1)); } catch { /* no link of ours */ }
    if (words) { form.elements.q.value = words; apply(); }
  };
  addEventListener("hashchange", named);
  groups[0].open = true;
  named();
})();
