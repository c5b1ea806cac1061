// Zoom and move of the image on the stage: wheel, double click, drag, two fingers.
export class Zoom {
  constructor(stage) {
    this.stage = stage;
    this.points = new Map();
    this.reset(null);
    stage.addEventListener("wheel", (e) => {
      e.preventDefault();
      this.by(e.deltaY < 0 ? 1.2 : 1 / 1.2, e);
    }, { passive: false });
    stage.addEventListener("dblclick", (e) => (this.scale > 1 ? this.reset(this.img) : this.by(3, e)));
    stage.addEventListener("pointerdown", (e) => {
      this.points.set(e.pointerId, e);
      stage.setPointerCapture(e.pointerId);
    });
    stage.addEventListener("pointermove", (e) => this.move(e));
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (e) => this.points.delete(e.pointerId));
  }

  reset(img) {
    this.img = img;
    this.scale = 1;
    this.x = this.y = 0;
    this.draw();
  }

  // About the pointer, or the middle.
  by(factor, at) {
    const scale = Math.min(40, Math.max(1, this.scale * factor));
    const box = this.stage.getBoundingClientRect();
    const px = at ? at.clientX - box.left - box.width / 2 : 0, py = at ? at.clientY - box.top - box.height / 2 : 0;
    this.x = px - ((px - this.x) * scale) / this.scale;
    this.y = py - ((py - this.y) * scale) / this.scale;
    this.scale = scale;
    if (scale === 1) this.x = this.y = 0;
    this.draw();
  }

  move(e) {
    const before = this.points.get(e.pointerId);
    if (!before) return;
    const other = [...this.points.values()].find((p) => p.pointerId !== e.pointerId);
    if (other) {
      const apart = (p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY) || 1;
      this.by(apart(e) / apart(before), { clientX: (e.clientX + other.clientX) / 2, clientY: (e.clientY + other.clientY) / 2 });
    } else if (this.scale > 1) {
      this.x += e.clientX - before.clientX;
      this.y += e.clientY - before.clientY;
      this.draw();
    }
    this.points.set(e.pointerId, e);
  }

  draw() {
    if (!this.img) return;
    this.img.style.transform = this.scale === 1 ? "" : `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.img.classList.toggle("pixels", this.scale >= 4);
  }
}
