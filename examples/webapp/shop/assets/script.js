// Shows what the kettle streams, each line with the time at which it came. Without this script the
// button opens the stream itself.
const form = document.querySelector('#kettle form')

form?.addEventListener('submit', async (event) => {
  event.preventDefault()
  const button = form.querySelector('button')
  const log = document.querySelector('#kettle ol')
  const start = performance.now()
  const show = (text) => {
    const time = document.createElement('time')
    time.textContent = ((performance.now() - start) / 1000).toFixed(1) + ' s'
    const line = document.createElement('li')
    line.append(time, text)
    log.append(line)
  }

  button.disabled = true
  log.replaceChildren()
  try {
    const response = await fetch(form.action)
    if (!response.ok) throw new Error(response.statusText)
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (let chunk; !(chunk = await reader.read()).done; ) {
      const lines = (rest + chunk.value).split('\n')
      rest = lines.pop()
      lines.forEach(show)
    }
  } catch {
    show('The kettle does not answer. Please try again.')
  } finally {
    button.disabled = false
  }
})
