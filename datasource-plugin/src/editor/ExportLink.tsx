import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';

interface Props {
  href: string;
}

/**
 * Downloads the daily records of what a query selects, with no limit.
 *
 * It is no LinkButton: in some versions of Grafana that undoes the escapes of an
 * address, and an & in a search would end the search.
 */
export function ExportLink({ href }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <a
      className={styles.link}
      href={href}
      // Without a target of its own, Grafana would take the address for one of its pages.
      target="_blank"
      rel="noreferrer"
      title="The daily records of the selected repositories and days as a CSV file, as on the Hub"
    >
      <Icon name="download-alt" size="sm" />
      Export CSV
    </a>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  link: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    height: theme.spacing(theme.components.height.sm),
    padding: theme.spacing(0, 1),
    border: `1px solid ${theme.colors.border.strong}`,
    borderRadius: theme.shape.radius.default,
    color: theme.colors.text.primary,
    fontSize: theme.typography.size.sm,
    fontWeight: theme.typography.fontWeightMedium,
    whiteSpace: 'nowrap',
    '&:hover': {
      background: theme.colors.action.hover,
      textDecoration: 'none',
    },
  }),
});
