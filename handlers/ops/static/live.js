"use strict";
// Replaces the live part of a page whenever the server has another. Without this script the page is one to reload.
const place = document.querySelector("[data-live]");
if (place) {
  const news = new EventSource(place.dataset.live);
  news.addEventListener("message", (event) => { place.innerHTML = event.data; });
}
