import { expect, test } from "vitest";
import { Markdown } from "../src/text/markdown";

interface Node {
  type: string;
  props: { children?: unknown; href?: string };
}

/** What the elements would show, as tags. */
function shown(node: unknown): string {
  if (node === null || node === undefined || node === false) return "";
  if (Array.isArray(node)) return node.map(shown).join("");
  if (typeof node !== "object") return String(node);
  const { type, props } = node as Node;
  return `<${type}${props.href ? ` ${props.href}` : ""}>${shown(props.children)}</${type}>`;
}

const drawn = (text: string) => shown((Markdown({ text }) as unknown as Node).props.children);

test.each([
  ["# A\ntext", "<h3>A</h3><p>text</p>"],
  ["## A\n#### B\n## C", "<h3>A</h3><h4>B</h4><h3>C</h3>"],
  ["a **b** _c_ *d* `e*f*`", "<p>a <strong>b</strong> _c_ <em>d</em> <code>e*f*</code></p>"],
  ["- a\n- b\n  c", "<ul><li>a</li><li>b<p>c</p></li></ul>"],
  ["1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"],
  ["> q\n> r", "<blockquote><p>q\nr</p></blockquote>"],
  ["```py\n<b>\n```\nx", "<pre><code><b></code></pre><p>x</p>"],
  ["| a | b |\n|---|---|\n| 1 | 2 |", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"],
  ["see https://x.org/a.", "<p>see <a https://x.org/a>https://x.org/a</a>.</p>"],
  ["[t](/runs/1)", "<p><a /runs/1>t</a></p>"],
  ["\\*a\\*", "<p>*a*</p>"],
  ["a\n\n---\n\nb", "<p>a</p><hr></hr><p>b</p>"],
])("%s", (text, html) => expect(drawn(text)).toBe(html));

test.each(["[x](javascript:alert(1))", "[x](data:text/html,1)", "[x](//evil.example)", "[x](/\\evil.example)", "[x](JaVaScRiPt:alert)"])(
  "no link: %s", (text) => expect(drawn(text)).not.toContain("<a"));

test("HTML stays text", () => {
  const made = Markdown({ text: '<img src=x onerror="alert(1)">' }) as unknown as Node;
  expect(shown(made.props.children)).toBe('<p><img src=x onerror="alert(1)"></p>');
  expect(JSON.stringify(made.props)).not.toContain("dangerouslySet");
});

test("every text ends", () => {
  for (const text of ["```", "- ", "|", "|\n-", "#", "> ", "**", "[a](", "1.", "    x", "-\n-", "***", "\u0000"]) expect(() => drawn(text)).not.toThrow();
});
