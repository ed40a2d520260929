"use strict";
// Remembers in this browser alone where a report was read last, and leads back there. Without it, all can be read.
const text = document.getElementById("text");
const goOn = document.getElementById("go-on");
const base = (text || goOn).dataset.base;

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(base));
  } catch {
    return null;  // nothing that this script wrote, or a browser that keeps nothing
  }
}

function remember(place) {
  try {
    localStorage.setItem(base, JSON.stringify(place));
  } catch {
    // A browser that keeps nothing, or has no room: its reader finds the place as in a book of paper.
  }
}

// A block of text, by its number, stays where it is whatever the window's width and the letters' size are.
const blocks = text ? [...text.querySelectorAll("header, figure, section > *")] : [];
const part = Number(location.pathname.slice(base.length + 1));

function note() {
  const top = document.querySelector(".stays").offsetHeight;
  const at = blocks.findIndex((block) => block.getBoundingClientRect().bottom > top);
  if (at >= 0) remember({ part, at });
}

const place = remembered();
if (text) {
  if (place && place.part === part && !location.hash && blocks[place.at]) blocks[place.at].scrollIntoView();
  let waiting = 0;
  addEventListener("scroll", () => {
    clearTimeout(waiting);
    waiting = setTimeout(note, 300);
  }, { passive: true });
  addEventListener("pagehide", note);
} else {
  const there = place && document.getElementById(`part-${place.part}`);
  if (there) {
    const link = goOn.querySelector("a");
    link.href = there.href;
    link.textContent = there.textContent;
    goOn.hidden = false;
  }
}
