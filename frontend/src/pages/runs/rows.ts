/** The rows of the table, asked for in pieces as they come into view. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { RunRow } from "../../../generated/api";
import { runsTable } from "../../../generated/api";
import { useLive, type LiveEvent } from "../../api/live";
import { Refused } from "../../api/ask";

const PIECE = 100;
const SETTLE_MS = 60;

export interface RunsAsked {
  experiment: string[];
  filter: string;
  view: "active" | "deleted" | "all";
  order: string[];
  columns: string[];
}

export interface Rows {
  total: number;
  columns: string[];
  rowAt: (index: number) => RunRow | undefined;
  want: (first: number, last: number) => void;
  loading: boolean;
  error: Refused | undefined;
  reload: () => void;
  loaded: RunRow[];
}

interface State {
  question: string;
  total: number;
  columns: string[];
  rows: Map<number, RunRow>;
  loading: boolean;
  error: Refused | undefined;
}

export function useRows(asked: RunsAsked | null): Rows {
  const question = JSON.stringify(asked);
  const [state, setState] = useState<State>({ question: "", total: 0, columns: [], rows: new Map(), loading: true, error: undefined });
  const requested = useRef(new Set<number>());
  const current = useRef(question);
  const range = useRef<[number, number]>([0, PIECE]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined as never);

  const load = useCallback(async (piece: number, fresh: boolean) => {
    const wanted = JSON.parse(current.current) as RunsAsked | null;
    if (!wanted || (!fresh && requested.current.has(piece))) return;
    requested.current.add(piece);
    const mine = current.current;
    try {
      const answer = await runsTable({ ...wanted, offset: piece * PIECE, limit: PIECE });
      if (mine !== current.current) return;
      setState((before) => {
        const rows = before.question === mine ? new Map(before.rows) : new Map<number, RunRow>();
        answer.rows.forEach((row, index) => rows.set(piece * PIECE + index, row));
        return { question: mine, total: answer.total, columns: answer.columns, rows, loading: false, error: undefined };
      });
    } catch (error) {
      if (mine !== current.current) return;
      requested.current.delete(piece);
      const refused = error instanceof Refused ? error : new Refused(0, "Error", String(error));
      setState((before) => ({ ...before, question: mine, loading: false, error: refused }));
    }
  }, []);

  useEffect(() => {
    current.current = question;
    requested.current = new Set();
    setState((before) => ({ ...before, loading: true }));
    void load(0, true);
  }, [question]);

  const want = useCallback((first: number, last: number) => {
    range.current = [first, last];
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      for (let piece = Math.floor(first / PIECE); piece * PIECE < last; piece += 1) void load(piece, false);
    }, SETTLE_MS);
  }, []);
  const reload = useCallback(() => {
    requested.current = new Set();
    const [first, last] = range.current;
    for (let piece = Math.floor(first / PIECE); piece * PIECE < Math.max(last, 1); piece += 1) void load(piece, true);
  }, []);

  const pending = useRef<ReturnType<typeof setTimeout> | null>(null);
  const heard = useCallback((event: LiveEvent) => {
    const mine = JSON.parse(current.current) as RunsAsked | null;
    const id = event.type === "run" ? event.run.experiment_id : event.type === "metrics" ? event.experiment_id : null;
    if (!mine || id === null || (mine.experiment.length && !mine.experiment.includes(id))) return;
    pending.current ??= setTimeout(() => {
      pending.current = null;
      if (!document.hidden) reload();
    }, 1500);
  }, []);
  useLive(heard);

  return {
    total: state.total,
    columns: state.columns,
    rowAt: (index) => state.rows.get(index),
    want,
    loading: state.loading,
    error: state.error,
    reload,
    loaded: [...state.rows.values()],
  };
}
