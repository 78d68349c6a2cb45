/** How requests are made; the functions of `generated/api.ts` call these. */

export interface Options {
  signal?: AbortSignal;
}

type Query = Record<string, unknown>;

/** What the server answers when it does not do what was asked. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    what: string,
    readonly got: string | null = null,
    readonly expected: string | null = null,
    readonly hint: string | null = null,
  ) {
    super(what);
  }
}

/** One part of a path. */
export function part(value: string | number): string {
  return encodeURIComponent(value);
}

/** A path with its query; lists are repeated parameters, what is undefined or null is left out. */
export function address(path: string, query: Query = {}): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) parts.append(name, String(one));
    }
  }
  const text = parts.toString();
  return text ? `${path}?${text}` : path;
}

export async function ask<Answer>(
  method: string,
  path: string,
  query?: Query,
  body?: unknown,
  options: Options = {},
): Promise<Answer> {
  const request: RequestInit = { method, headers: { accept: "application/json" } };
  if (options.signal) request.signal = options.signal;
  if (body !== undefined) {
    request.headers = { ...request.headers, "content-type": "application/json" };
    request.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(address(path, query), request);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refused(0, "Unreachable", "The server does not answer.", null, null, "Is it running?  clew ui");
  }
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as Answer;
}

async function refusal(response: Response): Promise<Refused> {
  try {
    const { kind, what, got, expected, hint } = await response.json();
    return new Refused(response.status, String(kind), String(what), got, expected, hint);
  } catch {
    return new Refused(response.status, "Refused", `The server answered ${response.status}.`);
  }
}
