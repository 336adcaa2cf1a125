import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_URL, answerDialog, assertQuiet, idle, modelSays, open, visitor, withBrowser } from "./support.mjs";

withBrowser();

const HOSTILE = [
  "<script>window.hit = 1</script>",
  "<img src=x onerror=\"window.hit = 1\">",
  "<svg onload=window.hit=1><a xlink:href=\"javascript:window.hit=1\">x</a></svg>",
  "<iframe srcdoc=\"<script>parent.hit=1</script>\"></iframe>",
  "<a href=\"javascript:window.hit=1\">raw</a>",
  "<style>*{display:none!important}</style><p style=\"position:fixed\">over</p>",
  "<form action=\"https://evil.example/\"><input name=a autofocus onfocus=window.hit=1></form>",
  "[script](javascript:window.hit=1)",
  "[script2](  JaVaScRiPt:window.hit=1)",
  "[script3](java\tscript:window.hit=1)",
  "[script4](&#106;avascript:window.hit=1)",
  "[data](data:text/html;base64,PHNjcmlwdD5oaXQ9MTwvc2NyaXB0Pg==)",
  "[file](file:///etc/passwd) [vb](vbscript:x) [blob](blob:https://evil.example/1)",
  "<javascript:window.hit=1> <data:text/html,x>",
  "![remote](https://evil.example/pixel.png?q=secret)",
  "![data](data:image/svg+xml;base64,PHN2Zy8+)",
  "![script](javascript:window.hit=1)",
  "![x\" onerror=\"window.hit=1](https://evil.example/a.png)",
  "[x\" onclick=\"window.hit=1](https://example.org/\"onmouseover=\"window.hit=1)",
  "[![inner](https://evil.example/b.png)](https://evil.example/c)",
  "```\"><script>window.hit=1</script>\n</code></pre><script>window.hit=1</script>\n```",
  "`<script>window.hit=1</script>`",
  "| <img src=x onerror=window.hit=1> | b |\n|---|---|\n| <script>window.hit=1</script> | [t](javascript:hit) |",
  "# <script>window.hit=1</script>",
  "> <img src=https://evil.example/d.png>",
  "- [x] <script>window.hit=1</script>",
  "//evil.example/e.png ![relative](//evil.example/f.png)",
  "&lt;script&gt;window.hit=1&lt;/script&gt;",
].join("\n\n");

test("hostile Markdown from the model does nothing", async () => {
  const context = await visitor();
  const page = await open(context, "/suite");
  await answerDialog(page);

  const prose = await modelSays(page, `${HOSTILE}\n\nthe end`, { tps: 2000 });
  await prose.getByText("the end").waitFor();
  await idle(page);
  for (const link of await prose.locator("a").all()) await link.hover();
  await page.reload();
  await page.locator(".from-bot").last().getByText("the end").waitFor();

  await assertQuiet(page);
  const found = await page.evaluate(() => ({
    hit: window.hit ?? null,
    elements: [...document.querySelectorAll(".prose *")].filter((one) => /^(script|iframe|object|embed|form|input|style|link|meta|base|video|audio|template|img)$/i.test(one.tagName)).map((one) => one.outerHTML),
    attributes: [...document.querySelectorAll(".prose *")].flatMap((one) => [...one.attributes].filter(({ name }) => /^on|^style$|srcdoc|^id$|^name$/.test(name)).map(({ name }) => `${one.tagName} ${name}`)),
    links: [...document.querySelectorAll(".prose a")].map(({ href, rel, target }) => ({ scheme: new URL(href).protocol, rel, target })),
  }));
  assert.equal(found.hit, null);
  assert.deepEqual(found.elements, []);
  assert.deepEqual(found.attributes, []);
  // Addresses that nobody has named come out as text; the question holds some, which may be links.
  for (const link of found.links) assert.deepEqual({ ...link, scheme: ["http:", "https:", "mailto:"].includes(link.scheme) }, { scheme: true, rel: "noopener noreferrer nofollow", target: "_blank" });
  const text = await page.locator(".from-bot").last().innerText();
  assert.match(text, /<script>window\.hit = 1<\/script>/, "raw HTML is shown as text");
  await context.close();
});

/** What the renderer makes of each text, as HTML. */
async function rendered(texts) {
  const context = await visitor();
  const page = await open(context, "/claim");
  const html = await page.evaluate(async (all) => {
    const { renderMarkdown } = await import("/assets/markdown/render.js");
    return all.map((text) => {
      const place = document.createElement("div");
      place.append(...renderMarkdown(text));
      for (const one of place.querySelectorAll("*")) for (const name of ["dir", "rel", "target", "title", "tabindex", "role", "aria-label"]) one.removeAttribute(name);
      return place.innerHTML;
    });
  }, texts);
  await context.close();
  return html;
}

test("Markdown means what people expect", async () => {
  const cases = [
    ["a\nb", "<p>a<br>b</p>"],
    ["*a* **b** ***c*** ~~d~~ _e_ snake_case_name 2*3*4", "<p><em>a</em> <strong>b</strong> <em><strong>c</strong></em> <del>d</del> <em>e</em> snake_case_name 2<em>3</em>4</p>"],
    ["**bold *and* more**", "<p><strong>bold <em>and</em> more</strong></p>"],
    ["a * b * c, 5 ** 2", "<p>a * b * c, 5 ** 2</p>"],
    ["\\*not\\* \\# `a \\* b` ``x ` y``", "<p>*not* # <code>a \\* b</code> <code>x ` y</code></p>"],
    ["## Two ##", '<h3 class="level-2">Two</h3>'],
    ["#no heading", "<p>#no heading</p>"],
    ["- a\n- b\n  - c\n    - d\n- e", "<ul><li>a</li><li>b<ul><li>c<ul><li>d</li></ul></li></ul></li><li>e</li></ul>"],
    ["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
    ["1. a\n  - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"],
    ["- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"],
    ["Steps:\n1. a\n2. b", "<p>Steps:</p><ol><li>a</li><li>b</li></ol>"],
    ["It was\n2024. A year.", "<p>It was<br>2024. A year.</p>"],
    ["- [x] a\n- [ ] b", '<ul><li class="task"><span class="box checked"></span><span>a</span></li><li class="task"><span class="box"></span><span>b</span></li></ul>'],
    ["> a\n> > b\n\nc", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote><p>c</p>"],
    ["a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"],
    ["| a | b |\n|:-:|--:|\n| `x|y` | c \\| d |\n| e |", '<div class="table"><table><thead><tr><th class="center" scope="col">a</th><th class="end" scope="col">b</th></tr></thead><tbody><tr><td class="center"><code>x|y</code></td><td class="end">c | d</td></tr><tr><td class="center">e</td><td class="end"></td></tr></tbody></table></div>'],
    ["[a](https://example.org/x_(y) \"t\") <https://example.org> https://example.org/z).", '<p><a href="https://example.org/x_(y)">a</a> <a href="https://example.org/">https://example.org</a> <a href="https://example.org/z">https://example.org/z</a>).</p>'],
    ["[a](mailto:b@example.org) [c] [d](e f", '<p><a href="mailto:b@example.org">a</a> [c] [d](e f</p>'],
    ["[**a** `b`](https://example.org)", '<p><a href="https://example.org/"><strong>a</strong> <code>b</code></a></p>'],
    ["![alt](/x.png)", `<p><img src="${BASE_URL}/x.png" alt="alt" loading="lazy" decoding="async"></p>`],
    ["&amp; &nbsp;&#65; &bogus; AT&T", "<p>&amp; &nbsp;A &amp;bogus; AT&amp;T</p>"],
    ["<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"],
  ];

  const results = await rendered(cases.map(([text]) => text));

  results.forEach((html, index) => assert.equal(html, cases[index][1], JSON.stringify(cases[index][0])));
});

test("a text that streams ends up as the same text at once", async () => {
  const context = await visitor();
  const page = await open(context, "/claim");
  const differences = await page.evaluate(async (texts) => {
    const { renderMarkdown } = await import("/assets/markdown/render.js");
    const { MarkdownStream } = await import("/assets/markdown/stream.js");
    const found = [];
    for (const text of texts) {
      for (const size of [1, 2, 3, 7, 23]) {
        const grown = document.createElement("div");
        const stream = new MarkdownStream(grown);
        for (let end = size; end < text.length + size; end += size) stream.update(text.slice(0, end));
        const whole = document.createElement("div");
        whole.append(...renderMarkdown(text));
        if (grown.innerHTML !== whole.innerHTML) found.push({ size, text, grown: grown.innerHTML, whole: whole.innerHTML });
      }
    }
    return found;
  }, [
    HOSTILE,
    "# A\n\ntext **bold\nmore** text\n\n1. one\n   - two\n\n   three\n2. four\n\n```js\nlet a = `b`;\n\n# no heading\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> q\n> r\n\n- [ ] t\n\n- u\n\n  v\n\n---\nend",
    "- a\n\n- b\n\n\n1. c\n\n\n* d\n+ e\n\n    f\n",
    "~~~\na\n~~~~\nb\n```\nc",
  ]);
  assert.deepEqual(differences, []);
  await context.close();
});

test("a text made to take long does not", async () => {
  const context = await visitor();
  const page = await open(context, "/claim");
  const slow = await page.evaluate(async () => {
    const { renderMarkdown } = await import("/assets/markdown/render.js");
    const times = 20_000;
    const texts = {
      brackets: "[".repeat(times), images: "![".repeat(times), links: "[a](".repeat(times), targets: "[a](<".repeat(times), titles: "[a](b \"".repeat(times), quotes: "> ".repeat(times), stars: "*a **b ".repeat(times),
      closers: "a_ b* ".repeat(times), ticks: Array.from({ length: 300 }, (_, index) => "`".repeat(index)).join(" "), lists: Array.from({ length: 400 }, (_, index) => `${" ".repeat(index)}- x`).join("\n"),
      table: `|a|\n|-|\n${"|`".repeat(times)}`, rule: `${"- ".repeat(times)}x`, parentheses: `[a](${"(".repeat(times)}`, address: `https://a.b/${")".repeat(times)}`, hashes: `# ${"#".repeat(times)}a`, lines: "|\n".repeat(times), entities: "&#".repeat(times),
      pairs: "*_".repeat(times), tildes: "~~a".repeat(times), angles: "<https://".repeat(times), http: "http".repeat(times), escapes: "\\".repeat(times),
    };
    return Object.entries(texts).flatMap(([name, text]) => {
      // The quickest of three: the machine may do something else in between.
      const tries = [1, 2, 3].map(() => {
        const start = performance.now();
        renderMarkdown(text);
        return performance.now() - start;
      });
      const spent = Math.min(...tries);
      return spent > 4000 ? [`${name}: ${Math.round(spent)} ms`] : [];
    });
  });
  assert.deepEqual(slow, []);
  await context.close();
});
