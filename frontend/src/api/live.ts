/** One stream of server-sent events for all pages; it opens with the first page that listens. */
import { useEffect, useState } from "preact/hooks";
import type { ExperimentEvent, MetricsEvent, ModelEvent, RunEvent } from "../../generated/api";
import { eventsStreamAddress } from "../../generated/api";
import { invalidate } from "./query";

export type LiveEvent =
  | ({ type: "run" } & RunEvent)
  | ({ type: "metrics" } & MetricsEvent)
  | ({ type: "model" } & ModelEvent)
  | ({ type: "experiment" } & ExperimentEvent);

const listeners = new Set<(event: LiveEvent) => void>();
const stateListeners = new Set<(open: boolean) => void>();
let source: EventSource | null = null;
let open = false;

function tell(state: boolean): void {
  open = state;
  for (const listener of [...stateListeners]) listener(state);
}

function connect(): void {
  source = new EventSource(eventsStreamAddress());
  source.addEventListener("hello", () => tell(true));
  source.addEventListener("open", () => tell(true));
  source.addEventListener("error", () => tell(false));
  for (const type of ["run", "metrics", "model", "experiment"] as const) {
    source.addEventListener(type, (message) => {
      const event = { ...JSON.parse((message as MessageEvent<string>).data), type } as LiveEvent;
      for (const listener of [...listeners]) listener(event);
    });
  }
}

/** Hear of changes while the component is there. */
export function useLive(listener: (event: LiveEvent) => void): void {
  useEffect(() => {
    listeners.add(listener);
    if (!source) connect();
    return () => void listeners.delete(listener);
  }, [listener]);
}

/** Whether the stream is open. */
export function useIsLive(): boolean {
  const [state, setState] = useState(open);
  useEffect(() => {
    stateListeners.add(setState);
    setState(open);
    return () => void stateListeners.delete(setState);
  }, []);
  return state;
}

const QUIET_MS = 1500;
let waiting: ReturnType<typeof setTimeout> | null = null;
const due = new Set<string>();

/** What an event makes old; gathered, so that a storm of events asks once. */
export function refresh(event: LiveEvent): void {
  if (event.type === "run") for (const key of ["home", "runs", "experiments", `run/${event.run.id}`]) due.add(key);
  else if (event.type === "metrics") for (const key of ["runs", `run/${event.run_id}`, `history/${event.run_id}`]) due.add(key);
  else if (event.type === "model") for (const key of ["home", "models", `model/${event.name}`]) due.add(key);
  else due.add("experiments");
  waiting ??= setTimeout(() => {
    waiting = null;
    const keys = [...due];
    due.clear();
    if (!document.hidden) invalidate(...keys);
  }, QUIET_MS);
}
