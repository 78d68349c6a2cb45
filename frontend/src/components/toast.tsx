/** Short messages at the corner; read out by screen readers. */
import { useEffect, useState } from "preact/hooks";
import { Refused } from "../api/ask";
import { Icon } from "./icon";

interface Toast {
  id: number;
  text: string;
  kind: string;
}

const SHOWN_MS = 5000;
let next = 0;
let shown: Toast[] = [];
const listeners = new Set<() => void>();

function change(toasts: Toast[]): void {
  shown = toasts;
  for (const listener of [...listeners]) listener();
}

export function toast(text: string, kind: "" | "good" | "bad" = ""): void {
  const id = ++next;
  change([...shown.slice(-3), { id, text, kind }]);
  setTimeout(() => change(shown.filter((one) => one.id !== id)), kind === "bad" ? SHOWN_MS * 2 : SHOWN_MS);
}

/** Do something that changes the store; tell when it was done, or why it was not. */
export async function attempt<Answer>(what: Promise<Answer>, done: string): Promise<Answer | undefined> {
  try {
    const answer = await what;
    if (done) toast(done, "good");
    return answer;
  } catch (error) {
    const refused = error as Refused;
    toast([refused.message, refused.hint].filter(Boolean).join(" "), "bad");
    return undefined;
  }
}

export function Toasts() {
  const [, draw] = useState(0);
  useEffect(() => {
    const changed = () => draw((count) => count + 1);
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map((one) => (
        <div class={`toast ${one.kind}`} key={one.id}>
          <span class="grow">{one.text}</span>
          <button type="button" class="button plain icon small" aria-label="Dismiss" onClick={() => change(shown.filter((other) => other.id !== one.id))}>
            <Icon name="close" size={13} />
          </button>
        </div>
      ))}
    </div>
  );
}
