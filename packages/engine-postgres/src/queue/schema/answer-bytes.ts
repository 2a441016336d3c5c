/** An answer ends with the message or record that takes it to so many bytes of bodies, headers and values, however many were asked for. */
export const answerBytesMax: number = 8 * 2 ** 20;
