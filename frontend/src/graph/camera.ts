/** What part of a drawing is seen: a shift and a scale. Pure functions. */

export interface Camera {
  /** Of the drawing's origin, in pixels of the screen. */
  x: number;
  y: number;
  scale: number;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const SMALLEST = 0.02;
const LARGEST = 3;

export function zoomed(camera: Camera, factor: number, at: { x: number; y: number }): Camera {
  const scale = Math.max(SMALLEST, Math.min(LARGEST, camera.scale * factor));
  const ratio = scale / camera.scale;
  return { x: at.x - (at.x - camera.x) * ratio, y: at.y - (at.y - camera.y) * ratio, scale };
}

/** The camera that shows a box whole, not enlarged. */
export function fitted(box: Box, width: number, height: number, room = 32): Camera {
  const [wide, high] = [Math.max(1, box.right - box.left), Math.max(1, box.bottom - box.top)];
  const scale = Math.max(SMALLEST, Math.min(1, (width - 2 * room) / wide, (height - 2 * room) / high));
  return { scale, x: (width - wide * scale) / 2 - box.left * scale, y: (height - high * scale) / 2 - box.top * scale };
}

/** The camera that has a point in the middle. */
export function centred(camera: Camera, point: { x: number; y: number }, width: number, height: number): Camera {
  return { ...camera, x: width / 2 - point.x * camera.scale, y: height / 2 - point.y * camera.scale };
}

/** The part of the drawing that is seen. */
export function seen(camera: Camera, width: number, height: number): Box {
  return {
    left: -camera.x / camera.scale,
    top: -camera.y / camera.scale,
    right: (width - camera.x) / camera.scale,
    bottom: (height - camera.y) / camera.scale,
  };
}

export function toDrawing(camera: Camera, at: { x: number; y: number }): { x: number; y: number } {
  return { x: (at.x - camera.x) / camera.scale, y: (at.y - camera.y) / camera.scale };
}
