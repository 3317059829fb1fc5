// What is drawn over the points: rings, crosses, pictures, the path of a selection.

const PICTURE = 30 // pixels of a picture's longer side

/** A line with a seam of the ground's color, so that it is seen on points of any color. */
function strokeTwice(pen, look, width, seam) {
  for (const [color, line] of [
    [look.background, seam],
    [look.text, width],
  ]) {
    pen.strokeStyle = color
    pen.lineWidth = line
    pen.stroke()
  }
}

/** A ring around the place (x, y), in pixels of the canvas. */
export function drawRing(pen, look, x, y, radius) {
  pen.beginPath()
  pen.arc(x, y, radius, 0, 2 * Math.PI)
  strokeTwice(pen, look, 2, 5)
}

/** A cross at (x, y), for a point that is not a row of the data. */
export function drawCross(pen, look, x, y) {
  pen.beginPath()
  pen.moveTo(x - 9, y)
  pen.lineTo(x + 9, y)
  pen.moveTo(x, y - 9)
  pen.lineTo(x, y + 9)
  strokeTwice(pen, look, 2.5, 6)
}

/** A text centered at (x, y), with an edge in the color of the background. */
export function drawWord(pen, look, text, x, y) {
  pen.font = `600 13px ${look.font || "sans-serif"}`
  pen.lineWidth = 4
  pen.strokeStyle = look.background
  pen.fillStyle = look.text
  pen.strokeText(text, x, y)
  pen.fillText(text, x, y)
}

/** A row's picture at its point; at the map's edge it moves inward, so that it is seen whole. */
export function drawPicture(pen, picture, x, y, { color, alpha, width, height }) {
  const ratio = picture.width / picture.height
  const h = PICTURE / Math.max(1, ratio)
  const w = h * ratio
  const left = Math.max(1, Math.min(width - w - 1, x - w / 2))
  const top = Math.max(1, Math.min(height - h - 1, y - h / 2))
  pen.globalAlpha = alpha
  pen.imageSmoothingEnabled = picture.width > w
  pen.drawImage(picture, left, top, w, h)
  pen.strokeStyle = color
  pen.lineWidth = 2
  pen.strokeRect(left, top, w, h)
  pen.globalAlpha = 1
}

/** path: x, y, x, y …; of a box its two corners. */
export function drawPath(pen, look, path, isBox) {
  pen.beginPath()
  if (isBox) pen.rect(path[0], path[1], path.at(-2) - path[0], path.at(-1) - path[1])
  else for (let i = 0; i < path.length; i += 2) pen.lineTo(path[i], path[i + 1])
  pen.closePath()
  pen.fillStyle = "rgba(0, 114, 178, 0.14)"
  pen.fill()
  pen.lineWidth = 1.5
  pen.strokeStyle = look.text
  pen.setLineDash([5, 4])
  pen.stroke()
  pen.setLineDash([])
}
