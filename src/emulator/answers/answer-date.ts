/** The date of every answer, in Unix seconds: 1 January 2026. An answer must not depend on when it is made. */
export const answerDate = 1_767_225_600;
