/** True for text without half a character: a lone surrogate, of which Redis, BullMQ and JSON each make something else. */
export const hasWholeCharacters = (text: string): boolean => !/\p{Surrogate}/u.test(text);
