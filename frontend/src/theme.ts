/** Light, dark, or what the system says; kept in this browser. */
import { useEffect, useState } from "preact/hooks";

export type Theme = "system" | "light" | "dark";
const KEY = "clew.theme";
const listeners = new Set<() => void>();
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
systemIsDark.addEventListener("change", () => announce());

export function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function isDark(): boolean {
  const chosen = theme();
  return chosen === "dark" || (chosen === "system" && systemIsDark.matches);
}

export function setTheme(chosen: Theme): void {
  if (chosen === "system") {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset["theme"];
  } else {
    localStorage.setItem(KEY, chosen);
    document.documentElement.dataset["theme"] = chosen;
  }
  announce();
}

function announce(): void {
  for (const listener of [...listeners]) listener();
}

/** The theme, and whether it is dark; draws again when it changes. */
export function useTheme(): { theme: Theme; dark: boolean } {
  const [state, setState] = useState({ theme: theme(), dark: isDark() });
  useEffect(() => {
    const changed = () => setState({ theme: theme(), dark: isDark() });
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
  return state;
}

/** A colour of the theme by its variable's name, for canvases. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
