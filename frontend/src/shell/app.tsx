export function App() {
  return <h1>clew</h1>;
}
