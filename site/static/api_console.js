/* 信途接口控制台：一页一份脚本，不用任何外来的库，不存任何东西，只向本站发送请求。 */
"use strict";
(() => {
  const $ = id => document.getElementById(id);
  const root = $("console"), doc = $("document"), vars = $("variables"), answer = $("answer");
  const node = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text ?? "" }, more);
  const named = type => type.replace(/[[\]!]/g, "");
  let facts = null, running = null, shown = "";
  root.hidden = false;

  /* 读文档：到光标为止，每一层花括号里是哪个类型。字符串、注释和参数略过。 */
  const TOKEN = /"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|#[^\n]*|\.\.\.|[_A-Za-z]\w*|[(){}:@$]/g;
  function typeAt(text) {
    const stack = [];
    let round = 0, last = "", next = null, on = false, colon = false, seen = "";
    for (const [t] of text.matchAll(TOKEN)) {
      if (t[0] === '"' || t[0] === "#") continue;
      if (t === "(") round++;
      else if (t === ")") round = Math.max(0, round - 1);
      else if (round) continue;
      else if (t === "{") {
        const top = stack.at(-1);
        const field = facts.types[top]?.fields?.[last];
        stack.push(next ?? (stack.length ? (last ? field && named(field[0]) : top) : facts.query));
        next = null; last = "";
      } else if (t === "}") { stack.pop(); last = ""; next = null; }
      else if (/^[_A-Za-z]/.test(t)) {
        if (seen === "@") { seen = t; continue; }
        if (on) { next = t; on = false; last = ""; }
        else if (t === "on" && (seen === "..." || !stack.length)) on = true;
        else if (!stack.length) next = t === "mutation" ? facts.mutation : t === "query" ? facts.query : next;
        else if (seen !== "...") { last = t; next = null; }
      } else if (t === "...") { last = ""; next = null; }
      seen = t;
    }
    return stack.at(-1) ?? "";
  }

  /* 字段一栏 */
  function signature(kind, name, [type, text, args, paged]) {
    const line = node("li"), head = node("code");
    const put = node("button", name, { type: "button", title: "插入到查询" });
    put.onclick = () => insert(kind, name, type, args);
    const go = node("button", type, { type: "button", title: "看这个类型" });
    go.onclick = () => show(named(type), true);
    head.append(put, ": ", go);
    line.append(head, node("p", text));
    const given = Object.entries({ ...args, ...(paged ? { first: ["Int", "翻页：first、after、last、before"] } : {}) });
    for (const [key, [of, words]] of given) line.append(node("p", `（${key}: ${of}） ${words}`));
    return line;
  }
  function show(name, pinned) {
    const kind = facts.types[name];
    if (!kind || (name === shown && !pinned)) return;
    shown = name;
    const list = node("ul");
    for (const [field, one] of Object.entries(kind.fields ?? {})) list.append(signature(name, field, one));
    for (const [value, text] of Object.entries(kind.values ?? {})) {
      const line = node("li");
      line.append(node("code", value), node("p", text));
      list.append(line);
    }
    for (const one of kind.possible ?? []) {
      const line = node("li"), put = node("button", `... on ${one}`, { type: "button" });
      put.onclick = () => write(`... on ${one} {\n  \n}`, -2);
      line.append(put, node("p", facts.types[one].text));
      list.append(line);
    }
    const title = node("p");
    title.append(node("b", name), " ", kind.text ?? "");
    $("docs").replaceChildren(title, list);
    $("docs").scrollTop = 0;
  }
  function find(word) {
    word = word.trim().toLowerCase();
    if (!word) { shown = ""; return follow(); }
    const list = node("ul");
    for (const [name, kind] of Object.entries(facts.types)) {
      if (/(Connection|Edge)$/.test(name)) continue;
      if (`${name} ${kind.text}`.toLowerCase().includes(word)) {
        const line = node("li"), go = node("button", name, { type: "button" });
        go.onclick = () => show(name, true);
        line.append(go, node("p", kind.text));
        list.append(line);
      }
      for (const [field, one] of Object.entries(kind.fields ?? {})) {
        if (list.children.length > 60 || !`${field} ${one[1]}`.toLowerCase().includes(word)) continue;
        const line = node("li"), go = node("button", `${name}.${field}`, { type: "button" });
        go.onclick = () => show(name, true);
        line.append(go, node("p", one[1]));
        list.append(line);
      }
    }
    shown = "";
    $("docs").replaceChildren(list.children.length ? list : node("p", "没有找到。"));
  }
  function follow() {
    if (facts && !$("find").value) show(typeAt(doc.value.slice(0, doc.selectionStart)) || facts.query);
  }

  /* 编辑 */
  function write(text, back = 0) {
    const start = doc.selectionStart, line = doc.value.slice(doc.value.lastIndexOf("\n", start - 1) + 1, start);
    const indent = /^\s*/.exec(line)[0];
    const lead = line.trim() ? `\n${indent}${/[{(]\s*$/.test(line) ? "  " : ""}` : "";
    const body = lead + text.replaceAll("\n", lead || `\n${indent}`);
    type(body);
    if (back) {
      const inner = body.lastIndexOf("\n");
      const place = start + inner;
      doc.setSelectionRange(place, place);
    }
    changed();
  }
  function type(text) {
    doc.focus();
    // 这条命令虽旧，却是唯一能保住撤销记录的写法。
    if (!document.execCommand("insertText", false, text)) doc.setRangeText(text, doc.selectionStart, doc.selectionEnd, "end");
  }
  function insert(kind, name, of, args) {
    const needed = Object.entries(args ?? {}).filter(([, [t]]) => t.endsWith("!")).map(([key]) => `${key}: `);
    const below = facts.types[named(of)]?.fields || facts.types[named(of)]?.possible;
    write(name + (needed.length ? `(${needed.join(", ")})` : "") + (below ? " {\n  \n}" : ""), below ? -2 : 0);
  }
  function changed() {
    const lines = doc.value.split("\n").length;
    $("numbers").textContent = Array.from({ length: lines }, (_, n) => n + 1).join("\n");
    $("numbers").scrollTop = doc.scrollTop;
    const names = [...doc.value.matchAll(/^\s*(?:query|mutation)\s+(\w+)/gm)].map(found => found[1]);
    $("operations").replaceChildren(...names.map(value => node("option", "", { value })));
    follow();
  }
  function jump({ line, column }) {
    const before = doc.value.split("\n").slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    const at = before + column - 1;
    doc.focus();
    doc.setSelectionRange(at, at + (/^\w+/.exec(doc.value.slice(at))?.[0].length || 1));
    doc.scrollTop = (line - 4) * parseFloat(getComputedStyle(doc).lineHeight);
  }

  /* 回答 */
  const PIECE = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)/g;
  function paint(text) {
    answer.replaceChildren();
    if (text.length > 200000) { answer.textContent = text; return; }
    let from = 0;
    for (const m of text.matchAll(PIECE)) {
      answer.append(text.slice(from, m.index), node("span", m[1] ?? m[3], { className: m[3] ? "n" : m[2] ? "k" : "s" }));
      from = m.index + (m[1] ?? m[3]).length;
    }
    answer.append(text.slice(from));
  }
  function meter(term, text) {
    const line = node("div");
    line.append(node("dt", term), node("dd", text));
    $("meters").append(line);
  }
  function blame(message, code, places = []) {
    const line = node("li");
    line.append(node("span", message));
    if (code) line.append(" ", node("code", code));
    for (const place of places) {
      const go = node("button", `第 ${place.line} 行第 ${place.column} 列`, { type: "button" });
      go.onclick = () => jump(place);
      line.append(" ", go);
    }
    $("faults").append(line);
  }
  function clear(text) {
    $("status").textContent = text;
    $("meters").replaceChildren();
    $("faults").replaceChildren();
    answer.replaceChildren();
  }
  function tell(response, text, took) {
    clear(`${response.status} ${response.ok ? "完成" : "未能完成"}`);
    meter("用时", `${Math.round(took)} 毫秒`);
    meter("大小", `${text.length.toLocaleString()} 字符`);
    let given = null;
    try { given = JSON.parse(text); } catch { blame("回答不是 JSON。"); }
    const cost = given?.extensions?.cost;
    if (cost) meter("代价", `${cost.rows ?? "?"} / ${cost.limit ?? "?"} 行`);
    if (cost?.largest) meter("最大的部分", `${cost.largest.path}（${cost.largest.rows} 行）`);
    for (const [name, value] of response.headers) if (/ratelimit|retry-after/i.test(name)) meter(name, value);
    for (const one of given?.errors ?? []) blame(one.message, one.extensions?.code, one.locations);
    if (given?.errors?.length) $("status").textContent += `，${given.errors.length} 个错误`;
    paint(given ? JSON.stringify(given, null, 2) : text);
  }

  /* 运行 */
  async function send(body, dry, signal) {
    const headers = { "content-type": "application/json", accept: "application/graphql-response+json, application/json;q=0.9" };
    const key = $("key").value.trim();
    if (key) headers.authorization = `Bearer ${key}`;
    if (dry) headers["x-xintu-dry-run"] = "1";
    return fetch(root.dataset.graphql, {
      method: "POST", headers, body: JSON.stringify(body), signal,
      mode: "same-origin", credentials: "omit", redirect: "error", cache: "no-store", referrerPolicy: "no-referrer",
    });
  }
  function request() {
    const body = { query: doc.value };
    if (vars.value.trim()) body.variables = JSON.parse(vars.value);
    if ($("operation").value.trim()) body.operationName = $("operation").value.trim();
    return body;
  }
  async function run(dry) {
    if (running) return running.abort();
    let body;
    try { body = request(); } catch (error) {
      clear("没有发送");
      return blame(`变量不是正确的 JSON，请改正后再运行（${error.message}）`);
    }
    if (!dry && /^\s*mutation\b/m.test(doc.value) && !confirm("这是变更，会写入数据。确定运行吗？")) return;
    running = new AbortController();
    $("run").textContent = "取消";
    clear("正在运行……");
    const began = performance.now();
    try {
      const response = await send(body, dry, running.signal);
      tell(response, await response.text(), performance.now() - began);
    } catch (error) {
      clear(error.name === "AbortError" ? "已取消" : "没有发出请求");
      if (error.name !== "AbortError") blame("连不上本站，或密钥含有不能发送的字符；请检查后再试。");
    } finally {
      running = null;
      $("run").textContent = "运行";
    }
  }

  /* 示例；有的变量取自前一个示例的回答 */
  function valueAt(data, [step, ...rest]) {
    if (step === undefined || data == null) return data ?? null;
    if (step !== "*") return valueAt(data[step], rest);
    for (const one of data) {
      const found = valueAt(one, rest);
      if (found !== null) return found;
    }
    return null;
  }
  async function filled(example) {
    const given = { ...example.variables };
    for (const [name, [source, ...way]] of Object.entries(example.take)) {
      const earlier = facts.examples.find(one => one.name === source);
      const response = await send({ query: earlier.document, variables: await filled(earlier) }, false);
      given[name] = valueAt((await response.json()).data, way);
    }
    return given;
  }
  async function load(name) {
    const example = facts.examples.find(one => one.name === name);
    if (!example) return;
    doc.value = example.document;
    doc.setSelectionRange(0, 0);
    $("operation").value = "";
    vars.value = "";
    changed();
    try {
      const given = await filled(example);
      if ($("example").value !== name) return;
      vars.value = Object.keys(given).length ? JSON.stringify(given, null, 2) : "";
    } catch { $("status").textContent = "没有取到示例的变量，请自行填写。"; }
    root.dataset.ready = name;
  }

  async function start() {
    try { facts = await (await fetch(root.dataset.facts, { credentials: "omit" })).json(); }
    catch { $("status").textContent = "没有取到接口的定义；仍可运行查询。"; return; }
    $("example").append(...facts.examples.map(one => node("option", one.title, { value: one.name })));
    const asked = decodeURIComponent(location.hash.slice(1));
    $("example").value = facts.examples.some(one => one.name === asked) ? asked : facts.examples[0].name;
    await load($("example").value);
  }
  $("run").onclick = () => run(false);
  $("dry").onclick = () => run(true);
  $("example").onchange = event => load(event.target.value);
  $("find").oninput = event => facts && find(event.target.value);
  doc.oninput = changed;
  doc.onscroll = () => { $("numbers").scrollTop = doc.scrollTop; };
  doc.onkeyup = doc.onclick = follow;
  root.addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(false); }
    else if (event.key === "Enter" && event.target === doc && !event.isComposing && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      const line = doc.value.slice(doc.value.lastIndexOf("\n", doc.selectionStart - 1) + 1, doc.selectionStart);
      type(`\n${/^\s*/.exec(line)[0]}${/[{(]\s*$/.test(line) ? "  " : ""}`);
    }
  });
  start();
})();
