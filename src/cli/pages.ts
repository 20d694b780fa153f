/** As many as one answer holds. */
export const PAGE = 1000;

type Page<Row> = { readonly data: readonly Row[]; readonly pagination: { readonly total: number } };

/** Every row, however many pages they take. */
export async function allPages<Row>(
  ask: (page: { readonly limit: number; readonly offset: number }) => Promise<Page<Row>>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const { data, pagination } = await ask({ limit: PAGE, offset: rows.length });
    rows.push(...data);
    if (data.length === 0 || rows.length >= pagination.total) return rows;
  }
}
