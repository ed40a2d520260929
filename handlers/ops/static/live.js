"use strict";
// Replaces the live part of a page whenever the server has another. Without this script the page is one to reload.
const place = document.querySelector("[data-live]");

function follow() {
  const news = new EventSource(place.dataset.live);
  news.addEventListener("message", (event) => { place.innerHTML = event.data; });
  // A refusal, such as a proxy's while the server starts anew, ends the browser's own tries.
  news.addEventListener("error", () => {
    if (news.readyState === EventSource.CLOSED) setTimeout(follow, 5000 + 5000 * Math.random());
  });
}

if (place) follow();
