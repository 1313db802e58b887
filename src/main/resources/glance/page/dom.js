/** Elements of the page. */

export const $ = (id) => document.getElementById(id);

/**
 * Makes an element.
 *
 * @param tag its name, with a class after a dot: "li", "i.slow"
 * @param properties properties of it, such as onclick
 * @param children elements and texts
 */
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  element.classList.add(...classes.filter(Boolean));
  Object.assign(element, properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Says what went wrong, or takes it back. */
export function say(problem) {
  $("problem").textContent = problem ?? "";
  $("problem").hidden = !problem;
}

/** Work of a button: what the server refuses is said. */
export const saying = (work) => async (...args) => {
  say(null);
  try {
    return await work(...args);
  } catch (refusal) {
    say(refusal.message);
  }
};
