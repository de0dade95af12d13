"""The page of ``paths``."""

from __future__ import annotations

DOC = """\
Time-ordered chains of transfers that pass value on, or with `close: true` cycles that bring it back.

A *path* is a row of transfers (hops) where each leaves the node that the one before reached, not earlier
than it, and keeps enough of its amount. All nodes of a chain differ; in a cycle the last target is the
first source and the nodes between differ. There is one row for each transfer that is the last hop of a
path: the best path that ends there, which is the one with most hops, then the one that keeps most of its
first amount, then the first one in row order (moment, `seq`, id), compared hop by hop from the first on. A
chain of five hops thus gives a row at its third, fourth and fifth transfer with `hops: [3, 5]`.

| part | meaning | default |
|---|---|---|
| `from` | transfers: a stream or view | required |
| `source`, `target` | text expressions: the nodes that value leaves and reaches; an owner's id in place of an account's follows value through all its accounts | `from_account_id`, `to_account_id` |
| `amount` | a money expression; row-currency amounts need `by: currency` | `amount_base` |
| `by` | columns or names that are equal on all hops, such as `currency` | none |
| `keep` | each hop moves at least this share of the one before | 0.80 |
| `grow` | each hop moves at most this share more than the one before; 0 means never more | 0 |
| `keep_total` | the last hop moves at least this share of the first | none |
| `hop_within` | at most this long from a hop to the next | `within` |
| `within` | at most this long from the first hop to the last | `hop_within` times the number of gaps |
| `hops` | fewest and most hops, 2 to 8; one number means exactly that many | [2, 5] |
| `close` | cycles in place of chains | false |
| `collect` | new list columns: a text of every hop, in order, nulls left out: `{countries: to_country}` | none |
| `hub` | a node with more incoming transfers in the `hop_within` before the hop that leaves it is not followed there | 100 |
| `cap` | transfers looked at for one last hop before the search stops | 10,000 |

`within` or `hop_within` must be given. Both include their edge: a gap of exactly `hop_within` is allowed.

Output: `at` (moment of the last hop), `path_id` (ids of the hops joined by `>`), `source`, `target`,
`hops`, `kept` (last amount by first amount, rounded down to six decimals, so that `kept >= 0.8` is exact),
`first_at`, `first_amount`, `last_amount`, `txn_ids` (`txn_id` of the hops, or ids of rows that have none),
`mids` (nodes between, in order), `distinct_nodes`, `capped` (a limit bit, so that a better path may exist),
the columns of `by` and `collect`. A row's id is that of its last hop.

Comparisons of amounts are exact. Nulls: a transfer without a source or target is no hop; one whose amount
or `by` is null is left out and counted. Transfers from a node to itself, and of nothing, are no hops.

Ties: transfers of one moment count as simultaneous whatever their ids, so that value may flow through them
in any order, unless `seq` tells it: then it may not flow from a later to an earlier one. A cycle whose hops
all share one moment has each of them as last hop.

Known when: at the last hop. A row rests on transfers up to that moment and is never taken back.

Shapes where value splits and regroups (one in, three out) keep no value one to one and are not found here:
use `match` and measures of flow.

Cost: one to two CPU seconds per million transfers with the usual limits, and about 250 bytes of memory for
each while it runs. Limits: a hub is not followed and a search stops at `cap`; both, and transfers left out, are
counted in the run's report, and a path found in spite of them says `capped`. What is found within the limit of
a stopped search depends on row order, nothing else does.
"""

EXAMPLE = "chains: {paths: {from: transactions, keep: 0.8, hop_within: 3d, within: 10d, hops: [3, 5]}}"
