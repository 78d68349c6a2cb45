/** Asks for a token where the server demands one. */
import { useState } from "preact/hooks";
import { sessionLogin } from "../../generated/api";
import { invalidate } from "../api/query";
import type { Refused } from "../api/ask";
import { Button, Failure } from "../components/basic";

export function Login() {
  const [error, setError] = useState<Refused>();
  const submitted = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = String(new FormData(event.target as HTMLFormElement).get("token")).trim();
    try {
      await sessionLogin({ token });
      invalidate("");
    } catch (refused) {
      setError(refused as Refused);
    }
  };
  return (
    <main class="empty" style={{ minHeight: "100%", justifyContent: "center" }}>
      <img src="/clew.svg" alt="" width="44" height="44" />
      <h1>This server needs a token</h1>
      <p>An administrator makes one with <code>clew token create</code>.</p>
      <form class="row" onSubmit={(event) => void submitted(event as SubmitEvent)}>
        <input class="field" name="token" type="password" aria-label="Token" autocomplete="current-password" required style={{ width: "300px" }} />
        <Button type="submit" kind="primary">Open</Button>
      </form>
      {error && <Failure error={error} />}
    </main>
  );
}
