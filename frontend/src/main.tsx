import { render } from "preact";
import { App } from "./shell/app";
import { followLinks } from "./router";
import "./styles/index.css";

followLinks();
render(<App />, document.getElementById("app")!);
