/**
 * Markdown as elements, never as HTML: headings, lists, quotes, fences, tables, emphasis, code,
 * links. What is not understood, HTML above all, is shown as the text that it is.
 */
import { h, type ComponentChildren } from "preact";

export function Markdown({ text }: { text: string }) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  return <div class="prose">{blocks(lines, headings(lines))}</div>;
}

const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const HIGHEST = 3;

/** The depths of headings that a text uses, ascending: they become h3, h4 … below the page's own. */
function headings(lines: string[]): number[] {
  return [...new Set(lines.flatMap((line) => HEADING.exec(line)?.[1]!.length ?? []))].sort();
}

function blocks(lines: string[], depths: number[] = []): ComponentChildren[] {
  const made: ComponentChildren[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    const fence = /^ {0,3}(```+|~~~+)/.exec(line);
    const heading = HEADING.exec(line);
    if (!line.trim()) {
      at += 1;
    } else if (fence) {
      const end = lines.findIndex((other, index) => index > at && other.trimStart().startsWith(fence[1]!));
      const stop = end < 0 ? lines.length : end;
      made.push(<pre tabIndex={0}><code>{lines.slice(at + 1, stop).join("\n")}</code></pre>);
      at = stop + 1;
    } else if (heading) {
      const depth = HIGHEST + Math.max(0, depths.indexOf(heading[1]!.length));
      made.push(h(`h${Math.min(6, depth)}`, null, inline(heading[2]!)));
      at += 1;
    } else if (/^ {0,3}([-*_])( *\1){2,} *$/.test(line)) {
      made.push(<hr />);
      at += 1;
    } else if (/^ {0,3}>/.test(line)) {
      const stop = until(lines, at, (other) => /^ {0,3}>/.test(other));
      made.push(<blockquote>{blocks(lines.slice(at, stop).map((other) => other.replace(/^ {0,3}> ?/, "")), depths)}</blockquote>);
      at = stop;
    } else if (ITEM.test(line)) {
      const stop = until(lines, at, (other) => ITEM.test(other) || /^\s+\S/.test(other) || !other.trim());
      made.push(list(lines.slice(at, stop)));
      at = stop;
    } else if (line.includes("|") && /^[\s|:-]*-[\s|:-]*$/.test(lines[at + 1] ?? "") && (lines[at + 1] ?? "").includes("|")) {
      const stop = until(lines, at, (other) => other.includes("|"));
      made.push(table(lines.slice(at, stop)));
      at = stop;
    } else {
      const stop = until(lines, at, (other) => !!other.trim() && !/^ {0,3}(#{1,6}\s|>|```|~~~)/.test(other) && !ITEM.test(other));
      made.push(<p>{inline(lines.slice(at, Math.max(stop, at + 1)).join("\n"))}</p>);
      at = Math.max(stop, at + 1);
    }
  }
  return made;
}

const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])\s+/;

function until(lines: string[], at: number, holds: (line: string) => boolean): number {
  let stop = at;
  while (stop < lines.length && holds(lines[stop]!)) stop += 1;
  return stop;
}

function list(lines: string[]): ComponentChildren {
  const items: string[][] = [];
  for (const line of lines) {
    if (ITEM.test(line)) items.push([line.replace(ITEM, "")]);
    else items.at(-1)?.push(line.replace(/^ {1,4}/, ""));
  }
  const made = items.map((item) => {
    const [first = "", ...rest] = item;
    return <li>{inline(first)}{rest.some((line) => line.trim()) ? blocks(rest) : null}</li>;
  });
  return /^\s*\d/.test(lines[0]!) ? <ol>{made}</ol> : <ul>{made}</ul>;
}

function table(lines: string[]): ComponentChildren {
  const cells = (line: string) => line.trim().replace(/^\||\|$/g, "").split("|").map((text) => inline(text.trim()));
  const [head = "", , ...rows] = lines;
  return (
    <table>
      <thead><tr>{cells(head).map((text) => <th scope="col">{text}</th>)}</tr></thead>
      <tbody>{rows.map((row) => <tr>{cells(row).map((text) => <td>{text}</td>)}</tr>)}</tbody>
    </table>
  );
}

const INLINE =
  /(`+)(.+?)\1|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s](?:[^*]*[^*\s])?)\*|~~(.+?)~~|!?\[([^\]]*)\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)?)\)|(https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"])|\\([\\`*_{}[\]()#+.!~|>-])/s;

/** The parts of one line. */
export function inline(text: string): ComponentChildren[] {
  const made: ComponentChildren[] = [];
  let rest = text;
  for (;;) {
    const found = INLINE.exec(rest);
    if (!found) break;
    const [all, , code, strong, strong2, emphasis, struck, label, target, bare, escaped] = found;
    if (found.index) made.push(rest.slice(0, found.index));
    if (code !== undefined) made.push(<code>{code.trim()}</code>);
    else if (strong ?? strong2) made.push(<strong>{inline((strong ?? strong2)!)}</strong>);
    else if (emphasis) made.push(<em>{inline(emphasis)}</em>);
    else if (struck) made.push(<del>{inline(struck)}</del>);
    else if (target !== undefined) made.push(link(target, label || target));
    else if (bare) made.push(link(bare, bare));
    else if (escaped) made.push(escaped);
    rest = rest.slice(found.index + all.length);
  }
  if (rest) made.push(rest);
  return made;
}

/** A link, unless it would do something else than go to a page. */
function link(target: string, label: string): ComponentChildren {
  const safe = /^(https?:\/\/|mailto:|\/(?![/\\])|#)/i.test(target);
  if (!safe) return label;
  const outside = /^https?:/i.test(target);
  return <a href={target} {...(outside ? { target: "_blank", rel: "noreferrer noopener" } : {})}>{label}</a>;
}
