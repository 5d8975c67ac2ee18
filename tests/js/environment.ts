// What jsdom lacks and our libraries ask for when they are loaded.

HTMLCanvasElement.prototype.getContext = () => null;
