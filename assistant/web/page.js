// Three things that Gradio has no setting for: a question is scrolled to the top once, so that an answer is
// read from its beginning; a citation opens its source in the panel; Gradio's English labels are translated.
(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const behavior = () => (still.matches ? "instant" : "smooth");
  let asked = 0;
  let showUntil = 0;

  // the answer grows below the question: it is held at the top until there is enough to scroll, or a hand scrolls
  function showQuestion() {
    const chat = document.querySelector("#chat");
    if (!chat) return;
    const questions = chat.querySelectorAll('[data-testid="user"]');
    if (questions.length > asked) showUntil = performance.now() + 2000;
    asked = questions.length;
    if (!asked || performance.now() > showUntil) return;
    requestAnimationFrame(() => {
      const row = questions[questions.length - 1].closest(".message-row");
      const scroller = row?.closest('[role="log"]') || chat;
      if (row) scroller.scrollTop += row.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
      if (chat.getBoundingClientRect().top < 0) chat.scrollIntoView({ block: "start", behavior: "instant" });
    });
  }

  function openSource(event) {
    const link = event.target.closest?.('a[href*="#source-"]');
    if (!link) return;
    event.preventDefault();
    const source = document.getElementById(link.getAttribute("href").split("#")[1]);
    if (!source) {
      // an earlier answer's: its own list of sources is at its end
      link.closest('[data-testid="bot"]')?.lastElementChild?.scrollIntoView({ block: "end", behavior: behavior() });
      return;
    }
    source.open = true;
    source.scrollIntoView({ block: "nearest", behavior: behavior() });
    source.querySelector("summary").focus({ preventScroll: true });
  }

  const labels = navigator.language.toLowerCase().startsWith("zh") ? window.tracedocLabels : {};

  function translate() {
    for (const name of ["title", "aria-label"])
      for (const element of document.querySelectorAll(`button[${name}], input[${name}], [role][${name}]`)) {
        const word = labels[element.getAttribute(name)];
        if (word) element.setAttribute(name, word);
      }
    const box = document.querySelector("#message textarea:not([aria-label])");
    if (box) box.setAttribute("aria-label", box.placeholder);
  }

  let due = false;
  function changed() {
    showQuestion();
    if (due) return;
    due = true;
    setTimeout(() => { due = false; translate(); }, 200);
  }

  for (const hand of ["wheel", "touchmove", "pointerdown", "keydown"])
    document.addEventListener(hand, () => { showUntil = 0; }, { passive: true });
  document.addEventListener("click", openSource);
  new MutationObserver(changed).observe(document.documentElement, { childList: true, subtree: true });
})();
