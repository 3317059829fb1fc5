// Streamlit's theme as plain colors; canvas and Plotly cannot read CSS variables themselves.

const NAMES = {
  text: ["--st-text-color", "#1b2430"],
  background: ["--st-background-color", "#ffffff"],
  panel: ["--st-secondary-background-color", "#f4f6f8"],
  border: ["--st-border-color", "#dde3ea"],
  primary: ["--st-primary-color", "#0072b2"],
  font: ["--st-font", "sans-serif"],
}

/**
 * Colors and font as an element has them.
 * @param {HTMLElement} node
 */
export function readTheme(node) {
  const style = getComputedStyle(node)
  const theme = {}
  for (const [key, [name, otherwise]] of Object.entries(NAMES)) {
    theme[key] = style.getPropertyValue(name).trim() || otherwise
  }
  theme.isDark = luminance(theme.background) < 0.4
  theme.muted = theme.isDark ? "#98a3b3" : "#5b6675"
  // Type on canvases grows with that of the page: in presenter's mode, and where a browser's text is larger.
  theme.type = (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16
  theme.id = Object.values(theme).join("|")
  return theme
}

function luminance(color) {
  const probe = document.createElement("canvas").getContext("2d")
  probe.fillStyle = color
  const hex = probe.fillStyle
  if (!hex.startsWith("#")) return 1
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
