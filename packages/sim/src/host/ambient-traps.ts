export class AmbientTraps {
  constructor(_onError: (error: unknown) => void) {}
  install(): void {}
  remove(): void {}
}
