// Where keys exist and this browser has none: a field for a key, nothing else.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { store } from "../lib/preferences";

export function SignIn() {
  const [key, setKey] = useState("");
  const cache = useQueryClient();
  return (
    <main className="setup">
      <h1>This collector asks for a key</h1>
      <form className="row" onSubmit={(event) => { event.preventDefault(); store("key", key.trim()); void cache.resetQueries(); }}>
        <label htmlFor="key">API key</label>
        <input id="key" className="input grow" type="password" autoComplete="off" autoFocus value={key} onChange={(event) => setKey(event.target.value)} />
        <button className="button primary">Sign in</button>
      </form>
      <p className="muted">A key with the scope <code>read</code>. It stays in this browser and goes nowhere but to this collector. <code>spanhouse keys create --scope read --project '*'</code> makes one.</p>
    </main>
  );
}
