// Runs before anything is drawn, so that a chosen theme never flashes the other one.
(() => {
  const chosen = localStorage.getItem("clew.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
