/** The column by which unchanged rows are known. */
export const requestHashColumn = 'request_hash';
