/** ⌘K: go to any page, run, model, dataset, or node by name. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Hit } from "../../generated/api";
import { searchAll } from "../../generated/api";
import { useQuery } from "../api/query";
import { Dialog } from "../components/dialog";
import { Icon, type IconName } from "../components/icon";
import { navigate } from "../router";
import { setTheme } from "../theme";
import { PLACES } from "./side";

interface Choice {
  group: string;
  icon: IconName;
  title: string;
  detail: string;
  act: () => void;
}

let open: () => void = () => {};
export const openPalette = (): void => open();

const ICONS: Record<Hit["kind"], IconName> = {
  run: "terminal",
  experiment: "experiments",
  model: "models",
  version: "models",
  dataset: "data",
  study: "studies",
  node: "lineage",
  value: "lineage",
  operation: "lineage",
};

/** The page of something that a search found. */
export function pageOf(kind: string, id: string): string {
  const at = id.lastIndexOf("@");
  const one = encodeURIComponent;
  switch (kind) {
    case "run": return `/runs/${one(id)}`;
    case "experiment": return `/e/${one(id)}`;
    case "model": return `/models/${one(id)}`;
    case "version": return `/models/${one(id.slice(0, at))}/${one(id.slice(at + 1))}`;
    case "dataset": return `/data/${one(id.slice(0, at))}/${one(id.slice(at + 1))}`;
    case "study": return `/studies/${one(id)}`;
    default: return `/lineage?focus=${one(id)}`;
  }
}

export function Palette() {
  const [shown, show] = useState(false);
  // Before the page is painted: a key that is pressed as soon as it shows counts.
  useLayoutEffect(() => {
    open = () => show(true);
    const pressed = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        show(true);
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return shown ? <PaletteDialog close={() => show(false)} /> : null;
}

function PaletteDialog({ close }: { close: () => void }) {
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 120);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useQuery(asked ? `search/${asked}` : null, (signal) => searchAll({ q: asked, limit: 30 }, { signal }));
  const choices = [...places(text), ...(text.trim() ? hits(found.data?.items ?? []) : [])];
  const current = Math.min(at, choices.length - 1);
  const choose = (choice: Choice | undefined) => {
    if (!choice) return;
    close();
    choice.act();
  };
  const pressed = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = (current + step + choices.length) % choices.length;
      setAt(next);
      list.current?.querySelectorAll(".palette-item")[next]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(choices[current]);
    }
  };
  return (
    <Dialog title="Search" close={close} kind="palette">
      <input
        class="palette-input"
        type="text"
        role="combobox"
        aria-label="Search or go to"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={choices.length ? `choice-${current}` : undefined}
        placeholder="Runs, models, data, nodes, pages…"
        autocomplete="off"
        spellcheck={false}
        value={text}
        autofocus
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={pressed}
      />
      <div class="palette-list" id="palette-list" role="listbox" aria-label="Results" ref={list}>
        {choices.map((choice, index) => (
          <>
            {choice.group !== choices[index - 1]?.group && <div class="palette-group" role="presentation">{choice.group}</div>}
            <div
              class="palette-item"
              role="option"
              id={`choice-${index}`}
              key={index}
              aria-selected={index === current}
              onPointerMove={() => index !== current && setAt(index)}
              onClick={() => choose(choice)}
            >
              <Icon name={choice.icon} /><span class="clip">{choice.title}</span><span class="hint clip">{choice.detail}</span>
            </div>
          </>
        ))}
        {!choices.length && <div class="palette-group" role="presentation">{found.stale ? "Searching…" : "Nothing found"}</div>}
      </div>
    </Dialog>
  );
}

function places(text: string): Choice[] {
  const words = text.toLowerCase().trim();
  const fixed: Choice[] = PLACES.map((place) => ({
    group: "Pages", icon: place.icon, title: place.label, detail: "", act: () => navigate(place.href),
  }));
  for (const theme of ["light", "dark", "system"] as const) {
    fixed.push({ group: "Theme", icon: "sun", title: `Theme: ${theme}`, detail: "", act: () => setTheme(theme) });
  }
  return fixed.filter((choice) => choice.title.toLowerCase().includes(words)).slice(0, words ? 4 : PLACES.length);
}

function hits(items: Hit[]): Choice[] {
  return items.map((hit) => ({
    group: "Found",
    icon: ICONS[hit.kind] ?? "search",
    title: hit.title,
    detail: [hit.kind, hit.detail].filter(Boolean).join(" · "),
    act: () => navigate(pageOf(hit.kind, hit.id)),
  }));
}
