// The programs by which a graphics card draws points: a square, a disc or the shape of a class, with or without a rim.

import { LARGER, PALE, SMALLER } from "./standing.js"

export const VERTEX = `#version 300 es
layout(location = 0) in vec2 aFrom;
layout(location = 1) in vec2 aTo;
layout(location = 2) in float aColor;
layout(location = 3) in float aSize;
layout(location = 4) in float aState;
uniform vec3 uFrom, uTo;
uniform vec4 uView;
uniform float uT, uPoint, uLevel, uAny, uDim;
uniform sampler2D uColors;
flat out vec4 vColor;
flat out float vShape, vSize, vOutline;
bool has(float state, float bit) { return mod(floor((state + 0.5) / bit), 2.0) > 0.5; }
void main() {
  vec2 place = mix(uFrom.xy + aFrom * uFrom.z, uTo.xy + aTo * uTo.z, uT);
  gl_Position = vec4((place - uView.xy) * uView.zw, 0.0, 1.0);
  bool isDim = has(aState, 2.0) || (uAny > 0.5 && !has(aState, 1.0));
  bool isFaint = has(aState, 4.0), isLarge = has(aState, 8.0);
  float level = isDim ? 0.0 : isFaint ? 1.0 : isLarge ? 3.0 : 2.0;
  if (abs(level - uLevel) > 0.5) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); }
  float scale = isLarge ? ${LARGER} : isFaint ? ${SMALLER} : 1.0;
  gl_PointSize = vSize = uPoint * scale * (0.5 + aSize) + (uPoint < 3.5 ? 0.0 : 1.0);
  vec4 entry = texelFetch(uColors, ivec2(int(aColor + 0.5), 0), 0);
  vColor = isDim ? vec4(mix(entry.rgb, vec3(0.6), 0.7), uDim) : vec4(entry.rgb, isFaint ? ${PALE} : 1.0);
  vShape = floor(entry.a * 255.0 + 0.5);
  vOutline = isLarge && !isDim ? 1.0 : 0.0;
}`
export const FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 vColor;
flat in float vShape, vSize, vOutline;
uniform float uPoint, uShapes, uAlpha, uOutline;
uniform vec3 uInk;
out vec4 color;
float box(vec2 p, vec2 b) { vec2 d = abs(p) - b; return max(d.x, d.y); }
float ngon(vec2 p, float n, float turn) {
  float a = atan(p.y, p.x) - turn, s = 6.2831853 / n;
  return cos(floor(0.5 + a / s) * s - a) * length(p) - cos(3.14159265 / n);
}
void main() {
  // So small a point is a square, whatever its shape.
  if (uPoint < 3.5) { color = vec4(vColor.rgb, vColor.a * uAlpha); return; }
  vec2 p = (gl_PointCoord - 0.5) * 2.3;
  float d = length(p) - 1.0;
  if (uShapes > 0.5) {
    vec2 q = mat2(0.7071, -0.7071, 0.7071, 0.7071) * p;
    if (vShape > 8.5) d = ngon(p, 6.0, 0.5236);
    else if (vShape > 7.5) d = ngon(p, 5.0, -0.9425);
    else if (vShape > 6.5) { float a = atan(p.y, p.x) + 1.5708; d = length(p) - (0.78 + 0.36 * cos(5.0 * a)); }
    else if (vShape > 5.5) d = ngon(p, 3.0, 0.5236);
    else if (vShape > 4.5) d = min(box(q, vec2(0.4, 1.0)), box(q, vec2(1.0, 0.4)));
    else if (vShape > 3.5) d = min(box(p, vec2(0.4, 1.0)), box(p, vec2(1.0, 0.4)));
    else if (vShape > 2.5) d = abs(p.x) + abs(p.y) - 1.0;
    else if (vShape > 1.5) d = ngon(p, 3.0, -0.5236);
    else if (vShape > 0.5) d = box(p, vec2(0.72));
  }
  float edge = 2.0 / max(vSize, 1.0);
  float cover = 1.0 - smoothstep(-edge, edge * 0.3, d);
  if (cover < 0.03) discard;
  // The rim lies within the shape and is one and a half pixels wide.
  float rim = max(vOutline, uOutline) * smoothstep(-2.2 * edge, -1.5 * edge, d);
  color = vec4(mix(vColor.rgb, uInk, rim), vColor.a * cover * uAlpha);
}`
export const UNIFORMS =
  "uFrom uTo uView uT uPoint uLevel uAny uColors uShapes uAlpha uDim uOutline uInk".split(" ")
