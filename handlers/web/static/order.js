"use strict";
// Moves an order's bars with each of its checkpoints, and loads its page's parts again when more has changed.
// Without this script the page is one to reload.
const path = location.pathname;
let known = null;

function standing(order) {
  return JSON.stringify([order.state, order.on_hold, order.mails_refused, order.reports.map((report) => [report.state, report.pdf])]);
}

function move(report) {
  const bar = document.getElementById(`bar-${report.product}`);
  if (!bar) return;
  bar.value = report.sections_done + report.chunks_done;
  bar.max = Math.max(1, report.sections_total + report.chunks_total);
  document.getElementById(`done-${report.product}`).textContent = report.sections_done;
}

async function renew() {
  // With a header that tells it from an opening of the page, which is counted.
  const text = await (await fetch(path, {headers: {"X-Requested-With": "fetch"}})).text();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.querySelector(`[data-part=${part.dataset.part}]`);
    if (other && other.innerHTML !== part.innerHTML) part.innerHTML = other.innerHTML;
  }
}

function follow() {
  const news = new EventSource(`${path}/events`);
  news.addEventListener("message", (event) => {
    const order = JSON.parse(event.data);
    order.reports.forEach(move);
    if (known !== standing(order)) renew();  // at first as well: it may have changed since the page was made
    known = standing(order);
  });
  // A refusal, such as a proxy's while the server starts anew, ends the browser's own tries.
  news.addEventListener("error", () => {
    if (news.readyState === EventSource.CLOSED) setTimeout(follow, 5000 + 5000 * Math.random());
  });
}

follow();
