import { defineConfig } from "vite";

// The compiled files go into the Python package (build.py names the folder); in development,
// `npm run dev` serves the sources and hands requests on to a running `clew server`.
export default defineConfig({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: false,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": process.env["CLEW_SERVER"] ?? "http://127.0.0.1:5080" },
  },
});
