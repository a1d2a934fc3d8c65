// Looks at the HTML reports as people do: screenshots at 390 and 1280 pixels, light and dark, printed; axe-core.
//
//     node pages.mjs FOLDER REPORT.html...
//
// Wants npm's playwright-core and axe-core (NODE_PATH or beside this file) and Debian's chromium. Not a part of
// check.sh, which stays on Debian's packages.
import {createRequire} from 'node:module';
import {basename, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

const require = createRequire(pathToFileURL(process.cwd() + '/'));
const {chromium} = require('playwright-core');
const axe = require.resolve('axe-core');
const [folder, ...pages] = process.argv.slice(2);
const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox']});
let wrong = 0;

// Each choice of a fleet's filter shows as many targets as it says.
async function filterFaults(tab) {
    const faults = [];
    for (const label of await tab.locator('.filter label').all()) {
        await label.click();
        const shown = await tab.evaluate(() => [...document.querySelectorAll('.target')].filter(
            it => getComputedStyle(it).display !== 'none').length);
        if (shown !== Number(await label.locator('b').textContent())) faults.push(`${await label.textContent()}: ${shown}`);
    }
    if (await tab.locator('.filter').count()) await tab.locator('.filter [value=all]').check();
    return faults;
}

for (const page of pages) {
    for (const width of [390, 1280]) {
        for (const colorScheme of ['light', 'dark']) {
            const context = await browser.newContext({viewport: {width, height: 844}, colorScheme, offline: true,
                                                      bypassCSP: true});
            const tab = await context.newPage();
            const asked = [];
            tab.on('request', request => asked.push(request.url()));
            await tab.goto(pathToFileURL(resolve(page)).href);
            const wide = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            const faults = await filterFaults(tab);
            // Of a fleet what it begins with, and what the first target that fails has to say.
            const fleet = await tab.locator('.filter').count() > 0;
            await tab.evaluate(all => document.querySelectorAll(all ? 'details' : '.target.fail').forEach(
                (it, at) => { it.open = all || at === 0; }), !fleet);
            await tab.screenshot({path: `${folder}/${basename(page, '.html')}-${width}-${colorScheme}.png`, fullPage: true});
            await tab.addScriptTag({path: axe});
            const {violations} = await tab.evaluate(() => globalThis.axe.run());
            faults.push(...violations.map(it => `${it.id}: ${it.nodes.slice(0, 9).map(node => node.target).join(' ')}`));
            if (wide > 0) faults.push(`${wide} pixels too wide`);
            if (asked.length !== 1) faults.push(`asks for ${asked.slice(1)}`);
            console.log(`${basename(page)} ${width} ${colorScheme}: ${faults.join('; ') || 'no violation'}`);
            wrong += faults.length;
            await context.close();
        }
    }
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.goto(pathToFileURL(resolve(page)).href);
    await tab.pdf({path: `${folder}/${basename(page, '.html')}.pdf`, format: 'A4'});
    await context.close();
}
await browser.close();
process.exit(wrong ? 1 : 0);
