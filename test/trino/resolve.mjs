// dt-sql-parser is ES modules in files that say nothing of it, and imports
// folders, which Node does not. These two hooks stand for a bundler.
const ours = (url) => url.includes('/node_modules/dt-sql-parser/dist/') || url.includes('/node_modules/antlr4');

export async function resolve(specifier, context, next) {
    try {
        return await next(specifier, context);
    } catch (err) {
        if (!specifier.startsWith('.') || !ours(context.parentURL ?? '')) throw err;
        for (const end of ['.js', '/index.js']) {
            try {
                return await next(specifier.replace(/\/$/, '') + end, context);
            } catch {
                // the next one, or what Node said first
            }
        }
        throw err;
    }
}

export async function load(url, context, next) {
    const format = url.includes('/node_modules/dt-sql-parser/dist/') ? 'module' : context.format;
    return next(url, { ...context, format });
}
