// Draws the plots, offers the document, and opens what is folded for paper.

// The document as it was, its pictures back in their places.
function wholeDocument() {
  const pictures = new Map();
  for (const image of document.querySelectorAll("img[data-picture]")) {
    pictures.set(`page-picture:${image.dataset.picture}`, image.getAttribute("src"));
  }
  return JSON.stringify(page, (key, value) => (key === "image" || key === "sheet" ? pictures.get(value) ?? value : value), 2);
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([wholeDocument(), "\n"], { type: "application/json" }));
  link.download = "evaluation.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const button = document.getElementById("download");
button.hidden = false;
button.addEventListener("click", download);

let folded = [];
window.addEventListener("beforeprint", () => {
  folded = Array.from(document.querySelectorAll("details:not([open])"));
  for (const details of folded) details.open = true;
});
window.addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
});

drawAll();
