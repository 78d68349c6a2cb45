/** Keys that work on every page, and the dialog that lists all keys. */
import { useLayoutEffect, useState } from "preact/hooks";
import { Button } from "../components/basic";
import { Dialog } from "../components/dialog";
import { navigate } from "../router";

const GO: Record<string, string> = { h: "/", e: "/experiments", s: "/studies", l: "/lineage", d: "/data", m: "/models", y: "/deployments", p: "/predictions" };

const LISTED: [string, string][] = [
  ["⌘K / Ctrl K", "search and go"],
  ["g then h, e, s, l, d, m, y, p", "home, experiments, studies, lineage, data, models, deployments, predictions"],
  ["/", "to the filter of this page"],
  ["↑ ↓", "move in a table or graph"],
  ["Enter", "open"],
  ["Space or x", "select a run"],
  ["c", "compare the selected runs"],
  ["+ − 0", "zoom a graph; fit it"],
  ["?", "this list"],
];

function isTyping(event: KeyboardEvent): boolean {
  return (event.target as Element).matches?.("input, textarea, select, [contenteditable]") || !!document.querySelector("dialog[open]");
}

export function Keys() {
  const [shown, show] = useState(false);
  // Before the page is painted: a key that is pressed as soon as it shows counts.
  useLayoutEffect(() => {
    let going = 0;
    const pressed = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event)) return;
      if (event.key === "?") show(true);
      else if (event.key === "/") {
        const field = document.querySelector<HTMLElement>("[data-filter]");
        if (field) {
          event.preventDefault();
          field.focus();
        }
      } else if (event.key === "g") going = Date.now();
      else if (Date.now() - going < 5000 && GO[event.key]) {
        going = 0;
        navigate(GO[event.key]!);
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  if (!shown) return null;
  return (
    <Dialog title="Keys" close={() => show(false)}>
      <div class="body">
        <h2>Keys</h2>
        <dl class="pairs">
          {LISTED.map(([keys, text]) => <><dt><kbd>{keys}</kbd></dt><dd>{text}</dd></>)}
        </dl>
        <footer><Button onClick={() => show(false)}>Close</Button></footer>
      </div>
    </Dialog>
  );
}
